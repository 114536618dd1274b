import type { BillRequest } from '../http/schemas/bills.ts';
import type { BillMaker, Occasion } from './bill-maker.ts';
import type { Planner, SampleInstitution } from './day-planner.ts';
import { isRefused, settles } from './visits.ts';

/** Where a persona of config/sample goes, and with what; a code when the counter must say no. */
interface PersonaVisit {
  readonly kind: 'outpatient' | 'inpatient' | 'specialDisease';
  readonly institutionId: string;
  readonly bill: (maker: BillMaker, occasion: Occasion) => BillRequest;
  readonly refusedFor?: string;
}

const QINGPU_CENTRAL = 'H31011800001';
const QINGPU_CHINESE = 'H31011800002';
const WUJIANG_CENTRAL = 'H32050900001';
const LILI = 'H32050900005';
const JIASHAN_CENTRAL = 'H33042100001';
const JIASHAN_CHINESE = 'H33042100002';

function stayAt(institutionId: string, days: number): PersonaVisit {
  return { kind: 'inpatient', institutionId, bill: (maker, occasion) => maker.stay(occasion, days) };
}

function tumourAt(institutionId: string): PersonaVisit {
  return { kind: 'specialDisease', institutionId, bill: (maker, occasion) => maker.tumour(occasion) };
}

function outpatientAt(institutionId: string, department: 'internal' | 'tcm' | 'paediatrics'): PersonaVisit {
  return { kind: 'outpatient', institutionId, bill: (maker, occasion) => maker.outpatient(occasion, department) };
}

const VISITS: Readonly<Record<string, PersonaVisit>> = {
  // 180 yuan short of her deductible.
  '310118300000001': outpatientAt(JIASHAN_CENTRAL, 'internal'),
  // Retired before 2001; the year's deductible is used up.
  '310118300000002': stayAt(WUJIANG_CENTRAL, 9),
  // A long-term resident of the county she is treated in.
  '310118300000003': outpatientAt(JIASHAN_CHINESE, 'tcm'),
  // Less than 200 yuan left under the outpatient cap.
  '330421900000001': outpatientAt(WUJIANG_CENTRAL, 'paediatrics'),
  // The second admission of the year.
  '320509900000001': stayAt(QINGPU_CENTRAL, 5),
  '310118300000004': {
    kind: 'specialDisease',
    institutionId: JIASHAN_CENTRAL,
    bill: (maker, occasion) => maker.dialysis(occasion),
  },
  '330421300000001': {
    kind: 'outpatient',
    institutionId: LILI,
    bill: (maker, occasion) => maker.tuina(occasion),
  },
  // Treatment period, then recovery period with its yearly limit.
  '320509300000001': tumourAt(QINGPU_CENTRAL),
  '320509900000002': tumourAt(QINGPU_CENTRAL),
  // Medical aid pays most of his share.
  '320509900000003': stayAt(QINGPU_CHINESE, 7),
  // 1,600 yuan below the pool's cap: the layer above pays the rest.
  '310118300000005': stayAt(JIASHAN_CENTRAL, 14),
  '310118900000001': { ...outpatientAt(JIASHAN_CENTRAL, 'internal'), refusedFor: 'NOT_INSURED' },
  // After a stay at level 1 the difference of the deductibles.
  '330421300000002': stayAt(QINGPU_CENTRAL, 8),
  // 400 yuan below a band edge.
  '320509300000002': stayAt(JIASHAN_CENTRAL, 6),
  // 800 yuan below the threshold of serious illness.
  '330421900000002': stayAt(WUJIANG_CENTRAL, 12),
};

/** Adds the visits of the personas that are there. */
export function addPersonas(
  planner: Planner,
  personas: readonly string[],
  institutions: readonly SampleInstitution[],
): void {
  for (const [personId, { kind, institutionId, bill, refusedFor }] of Object.entries(VISITS)) {
    if (!personas.includes(personId) || !institutions.some(({ id }) => id === institutionId)) continue;
    const occasion = planner.occasion(kind, institutionId, personId);
    const made = bill(planner.maker, occasion);
    planner.add('persona', occasion, refusedFor === undefined ? settles(made) : isRefused(made, refusedFor));
  }
}
