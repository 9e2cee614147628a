const { randomUUID } = require('node:crypto');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** Writes the counts of a run where GATEHOUSE_TEST_RESULTS names a folder, so that several runs can be added up. */
module.exports = class ResultsReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests }) {
    const file = join(process.env.GATEHOUSE_TEST_RESULTS, `${randomUUID()}.json`);
    writeFileSync(file, JSON.stringify({ numPassedTests, numFailedTests }));
  }
};
