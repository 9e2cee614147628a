/** Secrets that stand in documentation and tutorials: strong to look at, known to everybody. Compared without case and signs. */
const PUBLISHED = [
  'your-256-bit-secret', // jwt.io, with its 384 and 512 bit siblings
  'your-384-bit-secret',
  'your-512-bit-secret',
  'a-string-secret-at-least-256-bits-long', // jwt.io since 2025
  'a-valid-string-secret-that-is-at-least-512-bits-long',
  'qwertyuiopasdfghjklzxcvbnm123456',
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow', // RFC 7515 A.1
  'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg', // RFC 7520 §3.5
  'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE', // docs.nestjs.com
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', // FastAPI's tutorial
  '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970', // Spring Security tutorials
  // a Node tutorial of DigitalOcean
  '09f26e402586e2faa8da4c98a35f1b20d6b033c6097befa8be3486a829587fe2f90a832bd3ff9d42710a4da095a2ce285b009f0c3730cd9b8e1af3eb84df6611',
  '3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R', // Hasura
  'super-secret-jwt-token-with-at-least-32-characters-long', // Supabase
  'reallyreallyreallyreallyverysafe', // PostgREST
];

const fold = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
const FOLDED = PUBLISHED.map(fold);

/** What templates hold until somebody fills them in. Long enough that random text does not begin so. */
const PLACEHOLDER =
  /^(?:change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this|with)|your[-_ ]|secret|password|example|placeholder|insert[-_ ])|^<.*>$|^\$?\{.*\}$/i;

export const isPublished = (secret: string): boolean => {
  const folded = fold(secret);
  return PLACEHOLDER.test(secret) || FOLDED.some((published) => folded.includes(published));
};
