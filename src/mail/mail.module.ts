import { Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { Clock } from '../shared/clock.js';
import { DisabledMailer } from './disabled-mailer.js';
import { FileMailer } from './file-mailer.js';
import { MailDispatch } from './mail-dispatch.js';
import { Mailer } from './mailer.js';
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
  providers: [{ provide: Mailer, inject: [AppConfig, Clock], useFactory: createMailer }, MailDispatch],
  exports: [MailDispatch],
})
export class MailModule {}
