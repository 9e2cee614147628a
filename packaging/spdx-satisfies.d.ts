declare module 'spdx-satisfies' {
  /** @throws where the expression is none */
  export default function satisfies(expression: string, approved: readonly string[]): boolean;
}
