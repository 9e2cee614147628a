import { Module } from '@nestjs/common';
import { AuditModule } from '../../audit/audit.module.js';
import { SigningKeys } from './signing-keys.js';
import { StoredKeys } from './stored-keys.js';

/** A module of its own, since the JWT module asks it for the keys. */
@Module({ imports: [AuditModule], providers: [SigningKeys, StoredKeys], exports: [SigningKeys, StoredKeys] })
export class SigningKeysModule {}
