import type { OpenApiDocument, Operation } from './openapi.ts';

type Json = Readonly<Record<string, unknown>>;

function escape(text: unknown): string {
  return String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** `in backticks` is code. */
function prose(text: unknown): string {
  return escape(text).replace(/`([^`]*)`/g, '<code>$1</code>');
}

function referred(schema: Json): string | undefined {
  const reference = schema['$ref'];
  return typeof reference === 'string' ? reference.slice(reference.lastIndexOf('/') + 1) : undefined;
}

function typeHtml(schema: Json): string {
  const name = referred(schema);
  if (name !== undefined) return `<a href="#schema-${escape(name)}">${escape(name)}</a>`;
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => `<code>${escape(value)}</code>`).join(' | ');
  const union = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(union)) return union.map((each) => typeHtml(each as Json)).join(' | ');
  if (schema['type'] === 'array') return `list of ${typeHtml((schema['items'] ?? {}) as Json)}`;
  if (schema['type'] === 'object' && schema['properties'] !== undefined) return membersHtml(schema);
  return escape(schema['type'] ?? 'anything');
}

/** What bounds a value, in words; zod states the safe integers as bounds of every integer, which tells a reader nothing. */
function bounds(schema: Json): string {
  const between = (low: string, high: string, what: string): string[] => {
    const [least, most] = [schema[low], schema[high]].map(Number);
    if (Number.isNaN(most) || most === Number.MAX_SAFE_INTEGER) return [];
    return [`${least || 0} to ${most}${what}`];
  };
  const all = [
    ...between('minLength', 'maxLength', ' characters'),
    ...between('minItems', 'maxItems', ' entries'),
    ...between('minimum', 'maximum', ''),
  ];
  const { pattern } = schema;
  const shape = pattern === undefined ? '' : ` <code class="pattern">${escape(pattern)}</code>`;
  return `${escape(all.join(', '))}${shape}`;
}

function membersHtml(schema: Json): string {
  const required = (schema['required'] ?? []) as readonly string[];
  const rows = Object.entries((schema['properties'] ?? {}) as Record<string, Json>).map(([name, member]) => {
    const example = (member['examples'] as readonly unknown[] | undefined)?.[0];
    const shown = example === undefined ? '' : ` e.g. <code>${escape(JSON.stringify(example))}</code>`;
    const mark = required.includes(name) ? '' : ' <i>optional</i>';
    const words = member['description'] === undefined ? '' : `${prose(member['description'])}.`;
    const about = `${words} ${bounds(member)}${shown}`;
    return `<tr><th><code>${escape(name)}</code>${mark}</th><td>${typeHtml(member)}</td><td>${about}</td></tr>`;
  });
  return `<table><tbody>${rows.join('')}</tbody></table>`;
}

/** A value that fits a schema, made of its examples. */
function exampleOf(schema: Json, document: OpenApiDocument): unknown {
  const name = referred(schema);
  if (name !== undefined) return exampleOf(document.components.schemas[name] ?? {}, document);
  const [example] = (schema['examples'] ?? schema['enum'] ?? []) as readonly unknown[];
  if (example !== undefined) return example;
  const [first] = (schema['anyOf'] ?? schema['oneOf'] ?? []) as readonly Json[];
  if (first !== undefined) return exampleOf(first, document);
  switch (schema['type']) {
    case 'array':
      return [exampleOf((schema['items'] ?? {}) as Json, document)];
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>);
      return Object.fromEntries(properties.map(([key, member]) => [key, exampleOf(member, document)]));
    }
    case 'integer':
      return 1;
    case 'boolean':
      return false;
    default:
      return '…';
  }
}

function contentHtml(content: NonNullable<Operation['requestBody']>['content'], document: OpenApiDocument): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const example = escape(JSON.stringify(exampleOf(schema, document), null, 2));
      const shown =
        type === 'application/problem+json' || schema['format'] === 'binary'
          ? ''
          : `<details><summary>Example</summary><pre>${example}</pre></details>`;
      return `${typeHtml(schema)} <small>${escape(type)}</small>${shown}`;
    })
    .join('');
}

function operationHtml(method: string, path: string, operation: Operation, document: OpenApiDocument): string {
  const { operationId, summary, description = '', parameters = [], requestBody, responses } = operation;
  const parameterRows = parameters.map(
    ({ name, in: place, required, description: words = '', schema }) =>
      `<tr><th><code>${escape(name)}</code>${required ? '' : ' <i>optional</i>'}</th><td>in ${escape(place)}</td>` +
      `<td>${prose(words)} ${bounds(schema)}</td></tr>`,
  );
  const answers = Object.entries(responses).map(
    ([status, { description: words, content }]) =>
      `<tr><th>${escape(status)}</th><td>${prose(words)}</td><td>${content === undefined ? '' : contentHtml(content, document)}</td></tr>`,
  );
  const parametersHtml =
    parameterRows.length === 0 ? '' : `<h4>Parameters</h4><table>${parameterRows.join('')}</table>`;
  const body = requestBody === undefined ? '' : `<h4>Body</h4><p>${contentHtml(requestBody.content, document)}</p>`;
  return (
    `<section id="${escape(operationId)}"><h3><b class="${escape(method)}">${escape(method.toUpperCase())}</b> ` +
    `<code>${escape(path)}</code></h3><p>${prose(summary)}</p><p class="who">${prose(description)}</p>` +
    `${parametersHtml}${body}<h4>Answers</h4><table>${answers.join('')}</table></section>`
  );
}

interface Listed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function listed(paths: OpenApiDocument['paths']): Listed[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** The OpenAPI document as one page for people, without script and without anything from elsewhere. */
export function docsPage(document: OpenApiDocument): string {
  const operations = [...listed(document.paths), ...listed(document.webhooks)];
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? '');
  const contents = Array.from(byTag, ([tag, own]) => {
    const links = own.map(
      ({ method, path, operation }) =>
        `<li><a href="#${escape(operation.operationId)}"><b class="${escape(method)}">${escape(method.toUpperCase())}</b> ${escape(path)}</a></li>`,
    );
    return `<h2>${escape(tag)}</h2><ul>${links.join('')}</ul>`;
  });
  const sections = operations.map(({ method, path, operation }) => operationHtml(method, path, operation, document));
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<section id="schema-${escape(name)}"><h3>${escape(name)}</h3>${schema['properties'] === undefined ? typeHtml(schema) : membersHtml(schema)}</section>`,
  );
  const { title, version, description } = document.info;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} API</title>
<link rel="stylesheet" href="/docs.css">
</head>
<body>
<nav><p><a href="/openapi.json">openapi.json</a></p>${contents.join('')}<h2><a href="#schemas">Schemas</a></h2></nav>
<main>
<h1>${escape(title)} ${escape(version)}</h1>
<p>${prose(description)}</p>
<p>Every request carries <code>Authorization: Bearer &lt;key&gt;</code>.</p>
${sections.join('\n')}
<h2 id="schemas">Schemas</h2>
${schemas.join('\n')}
</main>
</body>
</html>
`;
}
