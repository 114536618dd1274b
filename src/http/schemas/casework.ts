import { z } from 'zod';
import { PLAIN_ACTIONS } from '../../app/casework/act-on-case.ts';
import { GUIDE_SECTIONS } from '../../core/casework/guides.ts';
import { MATERIAL_TYPES } from '../../core/casework/media-type.ts';
import { CASE_FORMS, CASE_REASONS, SERVICE_FORMS } from '../../core/casework/terms.ts';
import { CASE_ACTIONS, CASE_OUTCOMES, CASE_STATES } from '../../core/lifecycle/case-states.ts';
import { FUNDS } from '../../core/policy/terms.ts';
import { fundShares } from './bills.ts';
import * as f from './fields.ts';

// The control characters that no line of text has any use for.
const CONTROLS = /\p{Cc}/u;
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !CONTROLS.test(text), 'has control characters')
    .refine((text) => text.trim() !== '', 'is blank');
const words = (max: number) => z.string().max(max);

const caseId = z.string().meta({ description: 'id of a case' });
const itemId = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'is not the id of an item of a checklist')
  .meta({ description: 'id of an item of the checklist', examples: ['identityCard'] });
const version = z
  .number()
  .int()
  .min(1)
  .meta({ description: 'as it was read; another one by now is answered with 409 CASE_CHANGED' });
const amount = z
  .string()
  .regex(/^(0|[1-9]\d{0,9})\.\d{2}$/, 'is not an amount with two places, such as "12.50", and not negative')
  .meta({ description: 'yuan, two places, as text; not negative', examples: ['12.50'] });
const limit = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'is not a whole number from 1 to 999')
  .transform(Number)
  .optional();
export const caseRequest = z
  .strictObject({
    requestKey: f.requestKey.meta({ description: 'the same key and content again answers with the same case' }),
    reason: z.enum(CASE_REASONS),
    reasonText: words(500).optional().meta({ description: 'in words; must be given for `manual`' }),
    serviceForm: z.enum(CASE_FORMS),
    personId: f.personId,
    institutionId: f.institutionId.optional(),
    settlementId: f.settlementId.optional(),
    billNumber: f.billNumber.optional(),
    claimed: amount.meta({ description: 'what the person asks for; "0.00" where it is not about money' }),
  })
  .refine(({ reason, reasonText = '' }) => reason !== 'manual' || reasonText.trim() !== '', {
    path: ['reasonText'],
    message: 'is missing: a case of reason manual says why',
  });
export type CaseRequest = z.infer<typeof caseRequest>;

export const caseView = z.object({
  caseId,
  reason: z.enum(CASE_REASONS),
  reasonText: z.string(),
  serviceForm: z.enum(CASE_FORMS),
  personId: f.personId,
  openingRegion: f.region,
  decidingRegion: f.region,
  institutionId: f.institutionId.optional(),
  settlementId: f.settlementId.optional(),
  billNumber: z.string().optional(),
  claimed: f.money,
  granted: f.money,
  funds: fundShares,
  state: z.enum(CASE_STATES),
  actingRegion: f.region.optional().meta({ description: 'whose turn it is; none when the case is over' }),
  dueDate: f.date.optional().meta({ description: 'last day for what is to be done now, counted in working days' }),
  isOverdue: z.boolean(),
  openedAt: f.instant,
  changedAt: f.instant,
  version: z.number().int(),
});
export type CaseView = z.infer<typeof caseView>;

export const caseList = z.object({
  cases: z.array(caseView),
  nextBefore: caseId.optional().meta({ description: 'pass as `before` for the next page' }),
});
export type CaseList = z.infer<typeof caseList>;

export const caseListQuery = z.strictObject({
  state: z.enum(CASE_STATES).optional(),
  before: z.string().max(40).optional().meta({ description: 'nextBefore of the page before' }),
  limit,
});
export type CaseListQuery = z.infer<typeof caseListQuery>;

export const dueCasesQuery = z.strictObject({
  by: f.date.optional().meta({ description: 'due on that day or before; today unless given' }),
  limit,
});
export type DueCasesQuery = z.infer<typeof dueCasesQuery>;

export const materialView = z.object({
  materialId: z.string(),
  item: itemId,
  name: z.string(),
  mediaType: z.enum(MATERIAL_TYPES),
  bytes: z.number().int(),
  sha256: z.string(),
  addedBy: z.string(),
  addedRegion: f.region,
  addedAt: f.instant,
  isMissing: z.boolean().meta({ description: 'its file is lost; have it handed in again' }),
});
export type MaterialView = z.infer<typeof materialView>;

export const caseDetail = caseView.extend({
  actions: z.array(z.enum(CASE_ACTIONS)).meta({ description: 'what this caller can do now' }),
  checklist: z.array(
    z.object({
      item: itemId,
      name: z.string(),
      nameEn: z.string(),
      required: z.boolean(),
      toVerify: z.boolean(),
      lacks: z.enum(['material', 'verification']).optional(),
      verified: z.object({ by: z.string(), region: f.region, at: f.instant }).optional(),
      source: z.string(),
      provenance: f.provenance,
    }),
  ),
  materials: z.array(materialView),
  history: z.array(
    z.object({
      seq: z.number().int(),
      action: z.enum([...CASE_ACTIONS, 'open']),
      side: z.enum(['opening', 'deciding', 'engine']),
      by: z.string(),
      region: f.region.optional(),
      from: z.enum(CASE_STATES).optional(),
      to: z.enum(CASE_STATES),
      at: f.instant,
      about: z.string().optional(),
      note: z.string(),
    }),
  ),
  reminders: z.array(z.object({ remindedOn: f.date, region: f.region, dueDate: f.date })),
});
export type CaseDetail = z.infer<typeof caseDetail>;

export const caseActionRequest = z.strictObject({
  version,
  action: z.enum(PLAIN_ACTIONS),
  note: words(1000).optional(),
});
export type CaseActionRequest = z.infer<typeof caseActionRequest>;

export const caseDecisionRequest = z.strictObject({
  version,
  outcome: z.enum(CASE_OUTCOMES),
  funds: z
    .strictObject(Object.fromEntries(FUNDS.map((fund) => [fund, amount.optional()])))
    .optional()
    .meta({ description: 'what each fund bears; one that is not named bears nothing' }),
  note: line(1000),
});
export type CaseDecisionRequest = z.infer<typeof caseDecisionRequest>;

export const casePaymentRequest = z.strictObject({
  version,
  reference: line(80).meta({ description: "the bank's number of the payment" }),
  note: words(1000).optional(),
});
export type CasePaymentRequest = z.infer<typeof casePaymentRequest>;

export const verificationRequest = z.strictObject({
  version,
  verified: z.boolean().meta({ description: 'false takes the tick back' }),
  note: words(1000).optional(),
});
export type VerificationRequest = z.infer<typeof verificationRequest>;

export const addMaterialQuery = z.strictObject({
  item: itemId,
  name: line(200).meta({ description: 'what the file is called', examples: ['发票.pdf'] }),
});
export type AddMaterialQuery = z.infer<typeof addMaterialQuery>;

export const addedMaterial = z.object({
  material: materialView,
  version: z.number().int().meta({ description: 'of the case, now' }),
});
export type AddedMaterialAnswer = z.infer<typeof addedMaterial>;

export const readMaterialQuery = z.strictObject({
  why: line(200).meta({ description: 'why it is looked at; kept with who looked and when' }),
});
export type ReadMaterialQuery = z.infer<typeof readMaterialQuery>;

export const lookList = z.object({
  looks: z.array(z.object({ by: z.string(), region: f.region, at: f.instant, why: z.string() })),
});
export type LookList = z.infer<typeof lookList>;

export const serviceCountsQuery = z
  .strictObject({ from: f.month, to: f.month })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'is before from' });
export type ServiceCountsQuery = z.infer<typeof serviceCountsQuery>;

export const serviceCounts = z.object({
  counts: z.array(
    z.object({
      month: f.month,
      serviceForm: z.enum(SERVICE_FORMS),
      openingRegion: f.region,
      decidingRegion: f.region,
      count: z.number().int(),
    }),
  ),
});
export type ServiceCounts = z.infer<typeof serviceCounts>;

export const guidesQuery = z.strictObject({
  counties: z
    .string()
    .regex(/^\d{6}(,\d{6}){0,9}$/, 'is not a list of region codes with commas between them')
    .meta({ examples: ['310118,320509'] }),
});
export type GuidesQuery = z.infer<typeof guidesQuery>;

export const guideComparison = z.object({
  counties: z.array(z.object({ region: f.region, name: z.string(), nameEn: z.string() })),
  entries: z.array(
    z.object({
      section: z.enum(GUIDE_SECTIONS),
      id: z.string(),
      mark: z.enum(['same', 'differs', 'onlyInOne']),
      by: z.array(
        z.object({
          region: f.region,
          zh: z.string().optional(),
          en: z.string().optional(),
          source: z.string().optional(),
          provenance: f.provenance.optional(),
        }),
      ),
    }),
  ),
});
export type GuideComparison = z.infer<typeof guideComparison>;
