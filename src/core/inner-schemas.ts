import { z } from 'zod';

/** The schema itself, without what is wrapped around it; the branches of a union one by one. */
export function innerSchemas(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return innerSchemas(schema.def.innerType);
  }
  if (schema instanceof z.ZodPipe) return innerSchemas(schema.def.in);
  if (schema instanceof z.ZodUnion) return schema.def.options.flatMap(innerSchemas);
  return [schema];
}
