/** The only source of randomness. Named streams, so that a new draw in one place never shifts another. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Lower-case [a-z0-9] text of `length`. */
  tag(length: number): string;
  /** An independent stream; the same name gives the same stream for the same root seed. */
  fork(name: string): Random;
}
