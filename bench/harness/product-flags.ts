/**
 * The V8 flags that `bin/gatewright` sets for `run` and `controller`, for programs that measure the memory of modules in a process of
 * their own. To be imported before them.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--optimize-for-size");
setFlagsFromString("--semi-space-growth-factor=1");
