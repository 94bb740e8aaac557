/**
 * What crosses HTTP, /api/v1, under the names the pages use.
 *
 * The shapes are the server's own (openapi.ts is generated, see `npm run types`); only what travels
 * in event streams is written by hand. Times are ISO 8601 in UTC; ids are UUIDs unless said.
 */
import type { components } from './openapi';

type Schemas = components['schemas'];

export type Text = Schemas['Text'];
export type Language = keyof Text;
export type Theme = NonNullable<Me['theme']>;

// Accounts
export type Me = Schemas['Me'];

// Catalog and progress
export type Exercise = Schemas['ExerciseRead'];
export type Progress = Schemas['ProgressRead'];
export type ChapterSummary = Schemas['ChapterSummary'];
export type Chapter = Schemas['ChapterRead'];
export type Section = Schemas['SectionRead'];
export type Home = Schemas['Home'];
export type Recent = Schemas['Recent'];
export type About = Schemas['About'];

// Labs and sessions
export type Lab = Schemas['LabRead'];
export type LabNode = Schemas['LabNode'];
export type Step = Schemas['LabStep'];
export type CheckInfo = Schemas['LabCheck'];
export type CheckMode = CheckInfo['mode'];
export type FaultKind = Schemas['FaultCreate']['kind'];
/** What is left out is as the server has it. */
export type Fault = Pick<Schemas['FaultCreate'], 'kind'> & Partial<Schemas['FaultCreate']>;
export type Session = Schemas['SessionRead'];
export type SessionState = Schemas['SessionState'];
export type SessionPhase = Schemas['Phase'];
export type SessionNode = Schemas['NodeRead'];
export type SessionDisk = SessionNode['disks'][number];
export type SessionNic = Schemas['NicRead'];
export type SessionSegment = Schemas['SegmentRead'];
export type Shaping = Omit<Schemas['ShapedRead'], 'node'>;
export type Happened = Schemas['Happened'];
export type Terminal = Schemas['TerminalRead'];

// The meter; moments are Unix seconds
export type Meter = Schemas['MeterRead'];
export type MeterLine = Meter['lines'][number];
export type MeterSpan = MeterLine['spans'][number];
export type MeterFigures = MeterLine['figures'];
export type MeterTimer = Meter['timers'][number];
export type Prediction = Meter['predictions'][number];
export type PredictionCreate = Schemas['PredictionCreate'];

/** `event: meter` of a session's stream: of each line only the spans that are new or have changed. */
export type MeterTick = Omit<Meter, 'probes' | 'timers'>;

// Grading
export type Attempt = Schemas['AttemptRead'];
export type CheckResult = Schemas['ResultRead'];
export type Outcome = CheckResult['outcome'];
export type BrokenCheck = Schemas['BrokenRead'];

/** `event: grading` of a session's stream. */
export interface GradingEvent {
	attempt: string;
	kind: 'started' | 'result' | 'finished' | 'interrupted';
	result?: CheckResult;
	attempt_body?: Attempt;
}

// Calculations
export type Calculation = Schemas['CalculationRead'];
export type Draw = Schemas['DrawRead'];
export type Ask = Schemas['AskRead'];
export type Given = Schemas['Given'];
export type Unit = Schemas['UnitRead'];
export type Figure = NonNullable<Draw['figure']>;
export type Verdict = Schemas['VerdictRead'];
export type AskVerdict = Schemas['AskVerdictRead'];
export type AskOutcome = AskVerdict['outcome'];
export type ExplanationStep = Schemas['StepRead'];
export type Answers = Schemas['AnswersWrite']['answers'];
