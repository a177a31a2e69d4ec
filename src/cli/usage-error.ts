/** What a person asked for can't be understood or reached; the message says what to do instead. The exit code is 2. */
export class UsageError extends Error {}
