import { Injectable } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { NotFoundError } from '../../http/http.errors.js';

/** Routes that are of no use without mail are not there with `MAIL=off`. */
@Injectable()
export class MailGuard implements CanActivate {
  constructor(private readonly config: AppConfig) {}

  canActivate(): boolean {
    if (this.config.mail.kind === 'off') throw new NotFoundError();
    return true;
  }
}
