import { messages } from '#lib/i18n/index.svelte.ts';
import { lasting } from './meter';

const ja = lasting('時間', '分', '秒');
const en = lasting(' h ', ' min ', ' s');

/** The words of the meter. */
export const words = messages({
	ja: {
		title: '稼働メーター',
		lasts: ja,
		how: (kind: string, perSecond: string) => `${kind}・毎秒${perSecond}回`,
		kinds: { icmp: 'ping', tcp: 'TCP', http: 'HTTP' } as Record<string, string>,
		probe: '見る対象',
		window: '表示する長さ',
		windows: { 120: '2分', 600: '10分', 0: '全体' } as Record<number, string>,
		details: '数値と予想',
		loading: '稼働メーターを読み込んでいます…',
		failed: '稼働メーターを読み込めませんでした。',
		retry: 'もう一度',
		waiting: 'まだ一度も応答がありません。最初の応答があったときから数えます。',
		gap: '直近の停止',
		gapOpen: '停止中',
		expected: 'あなたの予想',
		availability: '稼働率',
		nines: 'ナインの数',
		none: '—',
		noGap: 'なし',
		up: '稼働',
		down: '停止',
		unknown: '不明',
		nowDown: (what: string) => `${what}：停止しました`,
		nowUp: (what: string, lasted: string) => `${what}：復旧しました（停止 ${lasted}）`,
		ribbon: (parts: string) => `稼働の帯。${parts}`,
		ribbonLine: (what: string, state: string, outages: number, availability: string) =>
			`${what}：いま${state}、停止${outages}回、稼働率 ${availability}`,

		figures: 'この演習での実績',
		columns: {
			what: '対象',
			down: '停止時間',
			outages: '回数',
			mttr: 'MTTR',
			mtbf: 'MTBF',
			availability: '稼働率',
			nines: 'ナイン'
		},
		stamps: (ms: string) => `時刻の誤差は ±${ms} ミリ秒以内です。`,
		unknownFor: (lasted: string) => `誰も測っていなかった ${lasted} は、稼働にも停止にも数えていません。`,
		formula: '1章の式に、あなたの実績を入れると',
		formulaName: '稼働率',
		formulaNone: '一度も止まっていないので、MTBF と MTTR はまだ決まりません。',
		formulaOpen: '停止が続いています。復旧すると MTTR が決まります。',
		yearly: (gap: string, down: string, availability: string) =>
			`この長さ（${gap}）の停止が月に1回あると、停止は年に ${down}、稼働率は ${availability} % です。`,

		predict: '予想してから、測る',
		predictText:
			'故障を起こす前に、サービスが何秒止まるかを設定から予想してください。数えるタイマーを選ぶと、合計が入ります。',
		seconds: '秒',
		timers: '数えるタイマー',
		total: '予想する停止時間（秒）',
		submit: 'この予想で測る',
		predictions: '予想と実測',
		prediction: (expected: string) => `予想 ${expected}`,
		measured: (lasted: string) => `実測 ${lasted}`,
		toCome: 'まだ停止していません。故障を起こしてみましょう。',
		goesOn: '停止が続いています…',
		close: '予想どおりです。',
		off: (by: string, longer: boolean) => `予想より ${by} ${longer ? '長く' : '短く'}止まりました。`,
		because: {
			missing: (timer: string, lasts: string) => `差の理由は、数えていなかった「${timer}」（${lasts}）でしょう。`,
			superfluous: (timer: string) => `「${timer}」は、この停止には入らなかったようです。`,
			other_value: (timer: string, lasts: string) =>
				`「${timer}」が、予想で使った値と ${lasts} ずれているようです。設定を確かめましょう。`
		},
		unexplained: 'この差にちょうど合うタイマーはありません。ログの時刻と帯を見比べてみましょう。',

		save: '保存',
		csv: 'CSV',
		svg: 'SVG',
		png: 'PNG',
		reset: '数え直す',
		resetAsk: 'ここまでの実績と予想が消えます。',
		resetDo: '消して数え直す',
		cancel: 'やめる'
	},
	en: {
		title: 'Meter',
		lasts: en,
		how: (kind: string, perSecond: string) => `${kind}, ${perSecond} a second`,
		kinds: { icmp: 'ping', tcp: 'TCP', http: 'HTTP' } as Record<string, string>,
		probe: 'What is measured',
		window: 'How much to show',
		windows: { 120: '2 min', 600: '10 min', 0: 'All' } as Record<number, string>,
		details: 'Figures and predictions',
		loading: 'Loading the meter…',
		failed: 'The meter could not be loaded.',
		retry: 'Try again',
		waiting: 'No answer yet. Counting begins with the first one.',
		gap: 'Last gap',
		gapOpen: 'Down now',
		expected: 'You predicted',
		availability: 'Availability',
		nines: 'Nines',
		none: '–',
		noGap: 'none',
		up: 'up',
		down: 'down',
		unknown: 'unknown',
		nowDown: (what: string) => `${what} is down`,
		nowUp: (what: string, lasted: string) => `${what} is up again after ${lasted}`,
		ribbon: (parts: string) => `Up and down over time. ${parts}`,
		ribbonLine: (what: string, state: string, outages: number, availability: string) =>
			`${what}: ${state} now, outages: ${outages}, availability ${availability}`,

		figures: 'Measured in this run',
		columns: {
			what: 'What',
			down: 'Downtime',
			outages: 'Outages',
			mttr: 'MTTR',
			mtbf: 'MTBF',
			availability: 'Availability',
			nines: 'Nines'
		},
		stamps: (ms: string) => `Times are exact to ±${ms} ms.`,
		unknownFor: (lasted: string) => `${lasted} that nobody measured count neither as up nor as down.`,
		formula: 'Chapter 1’s formula with your own figures',
		formulaName: 'Availability',
		formulaNone: 'There has been no outage, so MTBF and MTTR are not known yet.',
		formulaOpen: 'An outage is going on. MTTR is known once it has ended.',
		yearly: (gap: string, down: string, availability: string) =>
			`A gap like this (${gap}) once a month makes ${down} of downtime a year: ${availability} % availability.`,

		predict: 'Predict, then measure',
		predictText:
			'Before you break something, work out from the configuration how long the service will be down. Tick the timers you count, and their sum is filled in.',
		seconds: 's',
		timers: 'Timers that count',
		total: 'Predicted gap (seconds)',
		submit: 'Measure against this',
		predictions: 'Predicted and measured',
		prediction: (expected: string) => `Predicted ${expected}`,
		measured: (lasted: string) => `Measured ${lasted}`,
		toCome: 'No outage yet. Break something.',
		goesOn: 'Still down…',
		close: 'As predicted.',
		off: (by: string, longer: boolean) => `The gap was ${by} ${longer ? 'longer' : 'shorter'} than predicted.`,
		because: {
			missing: (timer: string, lasts: string) => `“${timer}” (${lasts}) was not counted and accounts for it.`,
			superfluous: (timer: string) => `“${timer}” seems to have played no part in this gap.`,
			other_value: (timer: string, lasts: string) =>
				`“${timer}” seems to be ${lasts} off the value you used. Look at its configuration.`
		},
		unexplained: 'No single timer fits this difference. Compare the times in the logs with the ribbon.',

		save: 'Save',
		csv: 'CSV',
		svg: 'SVG',
		png: 'PNG',
		reset: 'Count anew',
		resetAsk: 'Figures and predictions so far will be gone.',
		resetDo: 'Delete and count anew',
		cancel: 'Cancel'
	}
});

export type Words = ReturnType<typeof words>;
