/**
 * Why a case is handed over. `expiredProvisional`: the home fund gave no answer in its term; `correctionBlocked`: it did, and
 * the correction would touch more than its own bill; `correctionRejected`: by its answer nobody but the patient pays. `manual`
 * is opened by a clerk, in words.
 */
export const CASE_REASONS = [
  'standInRefused',
  'diseaseNotOpen',
  'expiredProvisional',
  'correctionBlocked',
  'correctionRejected',
  'objectionUpheld',
  'manual',
] as const;
/** One of {@link CASE_REASONS}. */
export type CaseReason = (typeof CASE_REASONS)[number];

/**
 * The forms of service that funds count: 代收代办 (the opening county collects and passes on), 委托受理/授权办理 (it accepts
 * in the deciding county's name), 直通 (settled at the counter, no case at all).
 */
export const SERVICE_FORMS = ['collectedOnBehalf', 'authorised', 'straightThrough'] as const;
/** One of {@link SERVICE_FORMS}. */
export type ServiceForm = (typeof SERVICE_FORMS)[number];

/** The forms that a case can have; what settles straight through is none. */
export const CASE_FORMS = ['collectedOnBehalf', 'authorised'] as const;
/** One of {@link CASE_FORMS}. */
export type CaseForm = (typeof CASE_FORMS)[number];
