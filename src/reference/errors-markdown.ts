import { ADVICE, INTRODUCTION, guideSections, sampleProblem } from './error-guide.js';

/** `docs/errors.md`. */
export function errorsMarkdown(): string {
  const sections = guideSections().flatMap(({ heading, errors }) => [
    `## ${heading}`,
    ...errors.flatMap(({ code, heading: title, meaning }) => [`### ${code}`, `**${title}** ${meaning}`]),
  ]);
  const sample = `\`\`\`json\n${sampleProblem()}\n\`\`\``;
  return `${['# Errors', INTRODUCTION, sample, ADVICE, ...sections].join('\n\n')}\n`;
}
