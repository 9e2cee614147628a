import { Module } from '@nestjs/common';
import { CryptoModule } from '../crypto/crypto.module.js';
import { AuditLog } from './audit-log.js';

@Module({ imports: [CryptoModule], providers: [AuditLog], exports: [AuditLog] })
export class AuditModule {}
