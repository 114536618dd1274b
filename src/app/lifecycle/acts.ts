import type { ActContext, ActResult } from './act-context.ts';
import { confirmStatement, objectToItems, withdrawConfirmation } from './statement-acts.ts';
import { answerObjection, decideObjection } from './objection-acts.ts';
import { returnPayment, sendPayment } from './payment-acts.ts';
import { payRequestAct, requestPrefund, reviewRequest } from './prefund-acts.ts';
import type { Act, LifeState, Subject } from './ports.ts';

/**
 * Works out what an act does to its subject. It is asked twice: when the act is proposed, so that nothing impossible is put
 * before a checker, and again when it is approved, because the world may have changed; only then anything is written.
 *
 * @shape state under lock, act, who → writes, refusal, or `hidden`
 * @rejects what each act rejects
 */
export function performAct(state: LifeState, subject: Subject, act: Act, context: ActContext): ActResult {
  switch (act.act) {
    case 'confirm':
      return confirmStatement(state, act, context);
    case 'withdraw':
      return withdrawConfirmation(state, context);
    case 'object':
      return objectToItems(state, act, context);
    case 'answer':
      return answerObjection(state, act, context);
    case 'decide':
      return decideObjection(state, act, context);
    case 'send':
      return sendPayment(state, context);
    case 'return':
      return returnPayment(state, act, context);
    case 'request':
      return requestPrefund(state, subject, act, context);
    case 'review':
      return reviewRequest(state, act, context);
    case 'pay':
      return payRequestAct(state, act, context);
  }
}
