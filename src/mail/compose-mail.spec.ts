import { composeMail } from './compose-mail.js';

const head = { purpose: 'registration_attempt', to: 'ann@example.com', subject: 'Hello' } as const;

describe('composeMail', () => {
  it('says the same in text and in HTML, where markup stays text', () => {
    const mail = composeMail(head, ['One.', `<img src="x" onerror='y'> & co`]);
    expect(mail.text).toBe(`One.\n\n<img src="x" onerror='y'> & co\n`);
    expect(mail.html).toContain('<p>One.</p>\n<p>&lt;img src=&quot;x&quot; onerror=&#39;y&#39;&gt; &amp; co</p>');
  });

  it('puts a link on a line of its own, and makes it one to click', () => {
    const mail = composeMail(head, ['Here:', { href: 'https://app.example.com/a#token="&x' }]);
    expect(mail.text).toBe('Here:\n\nhttps://app.example.com/a#token="&x\n');
    expect(mail.html).toContain(
      '<p><a href="https://app.example.com/a#token=&quot;&amp;x">https://app.example.com/a#token=&quot;&amp;x</a></p>',
    );
  });
});
