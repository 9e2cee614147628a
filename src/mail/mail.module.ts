import { Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { Clock } from '../shared/clock.js';
import { DisabledMailer } from './disabled-mailer.js';
import { FileMailer } from './file-mailer.js';
import { MailSender } from './mail-sender.js';
import { Mailer } from './mailer.js';
import { Outbox } from './outbox.js';
import { SmtpMailer } from './smtp-mailer.js';

export function createMailer({ mail }: AppConfig, clock: Clock): Mailer {
  switch (mail.kind) {
    case 'smtp':
      return new SmtpMailer(mail.url, mail.from, clock);
    case 'files':
      return new FileMailer(mail.directory, mail.from, clock);
    case 'off':
      return new DisabledMailer();
  }
}

@Module({
  imports: [ObservabilityModule],
  providers: [{ provide: Mailer, inject: [AppConfig, Clock], useFactory: createMailer }, MailSender, Outbox],
  exports: [MailSender, Outbox],
})
export class MailModule {}
