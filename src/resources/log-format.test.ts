import { equal, match } from "node:assert/strict";
import { describe, test } from "node:test";
import { logFormatProblem } from "./log-format.ts";

describe("the format of a log", () => {
  for (const format of [
    "",
    "plain",
    "100 %%",
    "[%START_TIME(%Y/%m/%dT%H:%M:%S)%] %REQ(:METHOD)% %REQ(X-FIRST?:PATH):20% %RESPONSE_CODE%",
  ]) {
    test(`"${format}" is right`, () => equal(logFormatProblem(format), undefined));
  }

  for (const [format, problem] of [
    ["100 %", /^"%" begins no command operator/],
    ["%METHOD%", /^%METHOD% is not a command operator that an access log can have/],
    ["%response_code%", /^"%response_code%" begins no command operator/],
    ["%REQ%", /names no header. Write %REQ\(NAME\)%/],
    ["%REQ(a b)%", /a b is no name of a header/],
    ["%DURATION(x)%", /DURATION takes no parameter/],
    ["%ENVIRONMENT(SECRET)%", /is not a command operator that an access log can have/],
  ] as const) {
    test(`"${format}" is refused`, () => match(logFormatProblem(format) ?? "", problem));
  }
});
