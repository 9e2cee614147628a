import { ApiProperty } from '@nestjs/swagger';

export class LivenessResponse {
  status!: 'up';
}

export class ReadinessResponse {
  status!: 'up' | 'down';

  /** By name: what this instance cannot do without. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['up', 'down'] },
    maxProperties: 16,
    example: { database: 'up', revocations: 'up' },
  })
  checks!: Record<string, 'up' | 'down'>;
}
