import { composeMail } from './compose-mail.js';

describe('composeMail', () => {
  it('says the same in text and in HTML, where markup stays text', () => {
    const mail = composeMail({ purpose: 'registration_attempt', to: 'ann@example.com', subject: 'Hello' }, [
      'One.',
      `<img src="x" onerror='y'> & co`,
    ]);
    expect(mail.text).toBe(`One.\n\n<img src="x" onerror='y'> & co\n`);
    expect(mail.html).toContain('<p>One.</p>\n<p>&lt;img src=&quot;x&quot; onerror=&#39;y&#39;&gt; &amp; co</p>');
  });
});
