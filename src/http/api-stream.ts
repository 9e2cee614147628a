import { applyDecorators } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';

/** What OpenAPI 3.2 calls `itemSchema`: the schema of one item of a stream. */
const ITEM_SCHEMA = 'x-itemSchema';

interface StreamOptions {
  readonly mediaType: 'application/x-ndjson' | 'text/event-stream';
  /** What each JSON object in it is. */
  readonly item: Type;
  readonly description: string;
  readonly example: string;
}

/** Documents an answer that goes on for as long as there is something to tell. */
export const ApiStream = ({ mediaType, item, description, example }: StreamOptions): MethodDecorator => {
  const schema = { type: 'string', contentMediaType: mediaType };
  const media: object = { schema, example, [ITEM_SCHEMA]: { $ref: getSchemaPath(item) } };
  return applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({
      description,
      content: { [mediaType]: media },
    }),
  );
};
