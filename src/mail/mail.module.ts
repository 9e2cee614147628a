import { Module } from '@nestjs/common';
import { Cleanup } from '../cleanup/cleanup.js';
import { CleanupModule } from '../cleanup/cleanup.module.js';
import { AppConfig } from '../config/app-config.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { Clock } from '../shared/clock.js';
import { ABANDONED_MAIL } from './abandoned-mail.js';
import { DisabledMailer } from './disabled-mailer.js';
import { MailSender } from './mail-sender.js';
import { Mailer } from './mailer.js';
import { Outbox } from './outbox.js';

/** What sends is loaded only where it does. */
export async function createMailer({ mail }: AppConfig, clock: Clock): Promise<Mailer> {
  switch (mail.kind) {
    case 'smtp': {
      const { SmtpMailer } = await import('./smtp-mailer.js');
      return new SmtpMailer(mail.url, mail.from, clock);
    }
    case 'files': {
      const { FileMailer } = await import('./file-mailer.js');
      return new FileMailer(mail.directory, mail.from, clock);
    }
    case 'off':
      return new DisabledMailer();
  }
}

@Module({
  imports: [CleanupModule, ObservabilityModule],
  providers: [{ provide: Mailer, inject: [AppConfig, Clock], useFactory: createMailer }, MailSender, Outbox],
  exports: [MailSender, Outbox],
})
export class MailModule {
  constructor(cleanup: Cleanup) {
    cleanup.register(ABANDONED_MAIL);
  }
}
