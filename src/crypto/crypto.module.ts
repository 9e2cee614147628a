import { Module } from '@nestjs/common';
import { DataKeys } from './data-keys.js';

@Module({ providers: [DataKeys], exports: [DataKeys] })
export class CryptoModule {}
