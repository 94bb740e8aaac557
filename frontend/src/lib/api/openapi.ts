// Written by `npm run types` from the OpenAPI of the server. Do not edit.

export interface paths {
    "/api/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign In */
        post: operations["sign_in_api_v1_sign_in_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign Out */
        post: operations["sign_out_api_v1_sign_out_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Me */
        get: operations["me_api_v1_me_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Settle */
        patch: operations["settle_api_v1_me_patch"];
        trace?: never;
    };
    "/api/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change Password */
        post: operations["change_password_api_v1_me_password_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labs/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lab */
        get: operations["lab_api_v1_labs__slug__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalog/problems": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Problems
         * @description What is wrong with the content, for those who can mend it.
         */
        get: operations["problems_api_v1_catalog_problems_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** About */
        get: operations["about_api_v1_about_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/home": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Home */
        get: operations["home_api_v1_home_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chapters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Chapters */
        get: operations["chapters_api_v1_chapters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/chapters/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Chapter */
        get: operations["chapter_api_v1_chapters__number__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calculations/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Calculation */
        get: operations["calculation_api_v1_calculations__slug__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calculations/{slug}/draws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * History
         * @description What the person has answered, newest first.
         */
        get: operations["history_api_v1_calculations__slug__draws_get"];
        put?: never;
        /**
         * Draw
         * @description A new exercise, or the one still open.
         */
        post: operations["draw_api_v1_calculations__slug__draws_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/draws/{draw_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read */
        get: operations["read_api_v1_draws__draw_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/draws/{draw_id}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer */
        post: operations["answer_api_v1_draws__draw_id__answer_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create
         * @description Ask for a lab; it starts in the background, in turn.
         */
        post: operations["create_api_v1_sessions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Live */
        get: operations["live_api_v1_sessions_live_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read */
        get: operations["read_api_v1_sessions__session_id__get"];
        put?: never;
        post?: never;
        /** Stop */
        delete: operations["stop_api_v1_sessions__session_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Extend */
        post: operations["extend_api_v1_sessions__session_id__extend_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset
         * @description New machines under the same id; what was done in the old ones is gone.
         */
        post: operations["reset_api_v1_sessions__session_id__reset_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/faults": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Inject
         * @description Break or mend something, as far as the lab allows it.
         */
        post: operations["inject_api_v1_sessions__session_id__faults_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Log
         * @description What has happened in the session's machines.
         */
        get: operations["log_api_v1_sessions__session_id__log_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events
         * @description `session`: the whole session, at once and on every change. `happened`: what
         *     happens in its machines; goes on after `Last-Event-ID`. `grading`: an attempt.
         *     `meter`: what of the meter's lines is new.
         */
        get: operations["events_api_v1_sessions__session_id__events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/terminals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listed
         * @description The terminals the session keeps, attached or not.
         */
        get: operations["listed_api_v1_sessions__session_id__terminals_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/terminals/{terminal}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Close
         * @description End the shell; closing what is not there is fine.
         */
        delete: operations["close_api_v1_sessions__session_id__terminals__terminal__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Of Session */
        get: operations["of_session_api_v1_sessions__session_id__attempts_get"];
        put?: never;
        /**
         * Check
         * @description Begin to check; the session's event stream tells each result as it comes.
         */
        post: operations["check_api_v1_sessions__session_id__attempts_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/attempts/{attempt_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read */
        get: operations["read_api_v1_attempts__attempt_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labs/{slug}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Of Lab */
        get: operations["of_lab_api_v1_labs__slug__attempts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/broken": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Broken */
        get: operations["broken_api_v1_broken_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/meter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read
         * @description Up and down, figures and predictions; the event stream goes on (`meter`).
         */
        get: operations["read_api_v1_sessions__session_id__meter_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/meter/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset
         * @description Count from now on.
         */
        post: operations["reset_api_v1_sessions__session_id__meter_reset_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/meter/predictions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Predict
         * @description State how long the next gap will be; the platform compares.
         */
        post: operations["predict_api_v1_sessions__session_id__meter_predictions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/meter.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Table
         * @description Every span and every fault, by time.
         */
        get: operations["table_api_v1_sessions__session_id__meter_csv_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** About */
        About: {
            /** Version */
            version: string;
            /** Commit */
            commit: string | null;
            /** Licence */
            licence: string;
            attribution: components["schemas"]["Text"];
        };
        /** AnswerWrite */
        AnswerWrite: {
            /**
             * Value
             * @example 4308
             */
            value: string;
            /**
             * Unit
             * @example h
             */
            unit: string;
        };
        /** AnswersWrite */
        AnswersWrite: {
            /** Answers */
            answers: {
                [key: string]: components["schemas"]["AnswerWrite"];
            };
        };
        /** AskRead */
        AskRead: {
            /** Key */
            key: string;
            label: components["schemas"]["Text"];
            /** Units */
            units: components["schemas"]["UnitRead"][];
            hint: components["schemas"]["Text"];
        };
        /** AskVerdictRead */
        AskVerdictRead: {
            /** Key */
            key: string;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "right" | "right_truncated" | "mistake" | "wrong";
            message: components["schemas"]["Text"] | null;
            expected: components["schemas"]["Shown"];
        };
        /** AttemptCreate */
        AttemptCreate: {
            /** Step */
            step?: string | null;
            /** Only */
            only?: "current" | null;
        };
        /** AttemptRead */
        AttemptRead: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Session
             * Format: uuid
             */
            session: string;
            /** Lab */
            lab: string;
            /** Step */
            step: string | null;
            state: components["schemas"]["AttemptState"];
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Finished At */
            finished_at: string | null;
            /** Points */
            points: number;
            /** Max Points */
            max_points: number;
            /** Results */
            results: components["schemas"]["ResultRead"][];
        };
        /**
         * AttemptState
         * @enum {string}
         */
        AttemptState: "running" | "complete" | "interrupted";
        /**
         * BrokenRead
         * @description A check that failed by itself, for the people who mend it.
         */
        BrokenRead: {
            /**
             * Attempt
             * Format: uuid
             */
            attempt: string;
            /** Lab */
            lab: string;
            /** Check */
            check: string;
            /** Report */
            report: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Student */
            student: string;
        };
        /** CalculationRead */
        CalculationRead: {
            /** Calculation */
            calculation: string;
            /** Generator */
            generator: string;
            title: components["schemas"]["Text"];
            /** Sections */
            sections: string[];
            /** Streak */
            streak: number;
            /** Needed */
            needed: number;
            /** Done */
            done: boolean;
        };
        /** ChapterRead */
        ChapterRead: {
            /** Number */
            number: number;
            title: components["schemas"]["Text"];
            lead: components["schemas"]["Text"] | null;
            /** Sections */
            sections: components["schemas"]["SectionRead"][];
            /** Mastery */
            mastery: number;
            resume: components["schemas"]["ExerciseRead"] | null;
        };
        /** ChapterSummary */
        ChapterSummary: {
            /** Number */
            number: number;
            title: components["schemas"]["Text"];
            lead: components["schemas"]["Text"] | null;
            /** Ready */
            ready: boolean;
            /** Exercises */
            exercises: number;
            /** Mastery */
            mastery: number;
        };
        /** Credentials */
        Credentials: {
            /** Name */
            name: string;
            /** Password */
            password: string;
        };
        /** Down */
        Down: {
            /** Start H */
            start_h: number;
            /** End H */
            end_h: number;
        };
        /**
         * DrawRead
         * @description `answers` are the student's own, once given; so is the verdict.
         */
        DrawRead: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Calculation */
            calculation: string;
            /** Generator */
            generator: string;
            title: components["schemas"]["Text"];
            /** Sections */
            sections: string[];
            text: components["schemas"]["Text"];
            /** Given */
            given: components["schemas"]["Given"][];
            /** Asks */
            asks: components["schemas"]["AskRead"][];
            /** Figure */
            figure: components["schemas"]["Timeline"] | components["schemas"]["Series"] | components["schemas"]["Nines"] | null;
            /** Streak */
            streak: number;
            /** Needed */
            needed: number;
            /** Done */
            done: boolean;
            /** Answers */
            answers: {
                [key: string]: components["schemas"]["AnswerWrite"];
            } | null;
            answered: components["schemas"]["VerdictRead"] | null;
        };
        /** ExerciseRead */
        ExerciseRead: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "lab" | "calculation";
            /** Slug */
            slug: string;
            title: components["schemas"]["Text"];
            /** Sections */
            sections: string[];
            /** Minutes */
            minutes: number | null;
            /** Difficulty */
            difficulty: number | null;
            /** Nodes */
            nodes: number;
            /** Disks */
            disks: number;
            /** Faults */
            faults: string[];
            progress: components["schemas"]["ProgressRead"];
        };
        /** ExplanationRead */
        ExplanationRead: {
            /** Timer */
            timer: string;
            /**
             * How
             * @enum {string}
             */
            how: "missing" | "superfluous" | "other_value";
            /** Seconds */
            seconds: number;
        };
        /**
         * FaultCreate
         * @description What to break or mend; each kind takes some of the fields.
         */
        FaultCreate: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "disk.pull" | "disk.insert" | "disk.fail" | "disk.mend" | "cable.cut" | "cable.plug" | "power.off" | "power.on" | "power.reset" | "node.freeze" | "node.thaw" | "node.panic" | "segment.off" | "segment.on" | "net.partition" | "net.heal" | "net.shape" | "net.clear" | "process.kill" | "process.stop" | "process.cont";
            /** Node */
            node?: string | null;
            /** Disk */
            disk?: string | null;
            /** Nic */
            nic?: string | null;
            /** Segment */
            segment?: string | null;
            /** Peer */
            peer?: string | null;
            /**
             * One Way
             * @default false
             */
            one_way: boolean;
            /**
             * Delay Ms
             * @default 0
             */
            delay_ms: number;
            /**
             * Loss Percent
             * @default 0
             */
            loss_percent: number;
            /**
             * Rate Kbit
             * @default 0
             */
            rate_kbit: number;
            /** Access */
            access?: ("read" | "write") | null;
            /** Sectors */
            sectors?: [
                number,
                number
            ] | null;
            /** Process */
            process?: string | null;
        };
        /** FaultRead */
        FaultRead: {
            /** Events */
            events: components["schemas"]["Happened"][];
        };
        /** FiguresRead */
        FiguresRead: {
            /** Began */
            began: number | null;
            /** Up */
            up: number;
            /** Down */
            down: number;
            /** Unknown */
            unknown: number;
            /** Outages */
            outages: number;
            /** Availability */
            availability: number | null;
            /** Mtbf */
            mtbf: number | null;
            /** Mttr */
            mttr: number | null;
            /** Nines */
            nines: number | null;
        };
        /**
         * Given
         * @description One line of the table of facts.
         */
        Given: {
            /** Key */
            key: string;
            label: components["schemas"]["Text"];
            /** Value */
            value: string;
            unit: components["schemas"]["Text"];
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /** Happened */
        Happened: {
            /** N */
            n: number;
            /** At */
            at: number;
            /**
             * Time
             * Format: date-time
             */
            time: string;
            /** Kind */
            kind: string;
            /** Node */
            node: string | null;
            /** Disk */
            disk: string | null;
            /** Nic */
            nic: string | null;
            /** Segment */
            segment: string | null;
            /** Peer */
            peer: string | null;
            /** Terminal */
            terminal: string | null;
            /** Detail */
            detail: string;
        };
        /** Home */
        Home: {
            resume: components["schemas"]["ExerciseRead"] | null;
            /** Chapters */
            chapters: components["schemas"]["ChapterSummary"][];
            /** Recent */
            recent: components["schemas"]["Recent"][];
        };
        /** LabCheck */
        LabCheck: {
            /** Name */
            name: string;
            title: components["schemas"]["Text"];
            /** Points */
            points: number;
            /**
             * Mode
             * @enum {string}
             */
            mode: "current" | "sustained" | "under_fault" | "after_reboot";
        };
        /** LabFaults */
        LabFaults: {
            /** Allowed */
            allowed: ("disk.pull" | "disk.insert" | "disk.fail" | "disk.mend" | "cable.cut" | "cable.plug" | "power.off" | "power.on" | "power.reset" | "node.freeze" | "node.thaw" | "node.panic" | "segment.off" | "segment.on" | "net.partition" | "net.heal" | "net.shape" | "net.clear" | "process.kill" | "process.stop" | "process.cont")[];
        };
        /** LabNode */
        LabNode: {
            /** Name */
            name: string;
            /** Profile */
            profile: string;
            /** Memory Mb */
            memory_mb: number;
            /** Disks */
            disks: components["schemas"]["nines__catalog__schemas__DiskRead"][];
        };
        /**
         * LabRead
         * @description A lab without what would give its answers away.
         */
        LabRead: {
            /** Slug */
            slug: string;
            title: components["schemas"]["Text"];
            summary: components["schemas"]["Text"];
            /** Sections */
            sections: string[];
            /** Objectives */
            objectives: string[];
            /** Minutes */
            minutes: number;
            /** Difficulty */
            difficulty: number;
            /** Nodes */
            nodes: components["schemas"]["LabNode"][];
            faults: components["schemas"]["LabFaults"];
            /** Meter */
            meter: boolean;
            /** Steps */
            steps: components["schemas"]["LabStep"][];
            /** Max Points */
            max_points: number;
            remember: components["schemas"]["Text"] | null;
        };
        /** LabStep */
        LabStep: {
            /** Id */
            id: string;
            title: components["schemas"]["Text"];
            html: components["schemas"]["Text"];
            /** Checks */
            checks: components["schemas"]["LabCheck"][];
        };
        /**
         * LineRead
         * @description One probe's line; in an event only the spans that are new or have changed.
         */
        LineRead: {
            /** Probe */
            probe: string;
            /** Spans */
            spans: components["schemas"]["SpanRead"][];
            figures: components["schemas"]["FiguresRead"];
            last: components["schemas"]["OutageRead"] | null;
        };
        /** Me */
        Me: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Display Name */
            display_name: string;
            role: components["schemas"]["Role"];
            /** Language */
            language: ("ja" | "en") | null;
            /** Theme */
            theme: ("light" | "dark") | null;
            /** Must Change Password */
            must_change_password: boolean;
        };
        /**
         * MeUpdate
         * @description What is left out stays; null means: as the browser says.
         */
        MeUpdate: {
            /** Language */
            language?: ("ja" | "en") | null;
            /** Theme */
            theme?: ("light" | "dark") | null;
            /**
             * Display Name
             * @default
             */
            display_name: string;
        };
        /** MeterRead */
        MeterRead: {
            /** Since */
            since: number;
            /** Now */
            now: number;
            /** Stamp Error */
            stamp_error: number | null;
            /** Lines */
            lines: components["schemas"]["LineRead"][];
            /** Predictions */
            predictions: components["schemas"]["PredictionRead"][];
            /** Probes */
            probes: components["schemas"]["ProbeRead"][];
            /** Timers */
            timers: components["schemas"]["TimerRead"][];
        };
        /** NicRead */
        NicRead: {
            /** Name */
            name: string;
            /** Segment */
            segment: string;
            /** Plugged */
            plugged: boolean;
            /** Address */
            address: string | null;
        };
        /**
         * Nines
         * @description How much of a period an availability leaves down.
         */
        Nines: {
            /** Availability */
            availability: number;
            down: components["schemas"]["Shown"];
            /**
             * Kind
             * @default nines
             * @constant
             */
            kind: "nines";
        };
        /** NodeRead */
        NodeRead: {
            /** Name */
            name: string;
            power: components["schemas"]["Power"];
            /** Ready */
            ready: boolean;
            /** Frozen */
            frozen: boolean;
            /** Disks */
            disks: components["schemas"]["nines__sandboxes__schemas__DiskRead"][];
            /** Nics */
            nics: components["schemas"]["NicRead"][];
        };
        /** OutageRead */
        OutageRead: {
            /** Began */
            began: number;
            /** Ended */
            ended: number | null;
            /** Seconds */
            seconds: number;
            /** Why */
            why: string;
        };
        /** Part */
        Part: {
            label: components["schemas"]["Text"];
            /** Availability */
            availability: number;
        };
        /** PartitionRead */
        PartitionRead: {
            /** Node */
            node: string;
            /** Peer */
            peer: string;
            /** One Way */
            one_way: boolean;
        };
        /** PasswordChange */
        PasswordChange: {
            /** Current */
            current: string;
            /** New */
            new: string;
        };
        /** PastDraw */
        PastDraw: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Answered At
             * Format: date-time
             */
            answered_at: string;
            /** Correct */
            correct: boolean;
        };
        /**
         * Phase
         * @description What a start is doing, in order; shown to the student while it happens.
         * @enum {string}
         */
        Phase: "image" | "template" | "container" | "machines" | "ready";
        /**
         * Power
         * @enum {string}
         */
        Power: "off" | "starting" | "on";
        /**
         * PredictionCreate
         * @description `parts`: the timers counted, with the seconds each was taken for.
         */
        PredictionCreate: {
            /** Probe */
            probe: string;
            /** Seconds */
            seconds: number;
            /** Parts */
            parts?: {
                [key: string]: number;
            };
        };
        /**
         * PredictionRead
         * @description `measured` is the longest gap that began before the next prediction.
         */
        PredictionRead: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Probe */
            probe: string;
            /** Seconds */
            seconds: number;
            /** Parts */
            parts: {
                [key: string]: number;
            };
            /** Made */
            made: number;
            measured: components["schemas"]["OutageRead"] | null;
            /** Close */
            close: boolean | null;
            explanation: components["schemas"]["ExplanationRead"] | null;
        };
        /** ProbeRead */
        ProbeRead: {
            /** Name */
            name: string;
            title: components["schemas"]["Text"];
            /**
             * Kind
             * @enum {string}
             */
            kind: "icmp" | "tcp" | "http";
            /** Target */
            target: string;
            /** Every Ms */
            every_ms: number;
            /** Sections */
            sections: string[];
        };
        /** ProblemRead */
        ProblemRead: {
            /** File */
            file: string;
            /** Field */
            field: string;
            reason: components["schemas"]["Text"];
        };
        /** ProgressRead */
        ProgressRead: {
            /**
             * State
             * @enum {string}
             */
            state: "new" | "started" | "done";
            /** Points */
            points: number | null;
            /** Max Points */
            max_points: number | null;
            /** Streak */
            streak: number | null;
            /** Needed */
            needed: number | null;
            /** Session */
            session: string | null;
            /** At */
            at: string | null;
        };
        /** Reason */
        Reason: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
        };
        /** Recent */
        Recent: {
            exercise: components["schemas"]["ExerciseRead"];
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Points */
            points: number | null;
            /** Max Points */
            max_points: number | null;
        };
        /** ResultRead */
        ResultRead: {
            /** Check */
            check: string;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "running" | "passed" | "failed" | "skipped" | "broken";
            /** Points */
            points: number;
            /** Max Points */
            max_points: number;
            message: components["schemas"]["Text"] | null;
            hint: components["schemas"]["Text"] | null;
            /** Seconds */
            seconds: number;
        };
        /**
         * Role
         * @enum {string}
         */
        Role: "student" | "instructor" | "admin";
        /** SectionRead */
        SectionRead: {
            /** Number */
            number: string;
            title: components["schemas"]["Text"];
            /** Level */
            level: number;
            summary: components["schemas"]["Text"] | null;
            html: components["schemas"]["Text"] | null;
            /** Exercises */
            exercises: components["schemas"]["ExerciseRead"][];
        };
        /** SegmentRead */
        SegmentRead: {
            /** Name */
            name: string;
            /** Subnet */
            subnet: string | null;
            /** Up */
            up: boolean;
            /** Partitions */
            partitions: components["schemas"]["PartitionRead"][];
            shaped: components["schemas"]["ShapedRead"] | null;
        };
        /**
         * Series
         * @description Blocks in a row: the system runs while all of them run.
         */
        Series: {
            /** Parts */
            parts: components["schemas"]["Part"][];
            /**
             * Kind
             * @default series
             * @constant
             */
            kind: "series";
        };
        /** SessionCreate */
        SessionCreate: {
            /**
             * Lab
             * @example ch02-raid1-mdadm
             */
            lab: string;
        };
        /**
         * SessionRead
         * @description The sandbox's name is absent on purpose: how we run one is nobody's business.
         */
        SessionRead: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Lab */
            lab: string;
            state: components["schemas"]["SessionState"];
            phase: components["schemas"]["Phase"] | null;
            /** Place */
            place: number | null;
            reason: components["schemas"]["Reason"] | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Ready At */
            ready_at: string | null;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Extensions Left */
            extensions_left: number;
            /** Seconds Left */
            seconds_left: number;
            /**
             * Server Time
             * Format: date-time
             */
            server_time: string;
            /** Nodes */
            nodes: components["schemas"]["NodeRead"][];
            /** Segments */
            segments: components["schemas"]["SegmentRead"][];
            /** Points */
            points: number | null;
        };
        /**
         * SessionState
         * @enum {string}
         */
        SessionState: "queued" | "starting" | "ready" | "expiring" | "stopping" | "stopped" | "failed";
        /** ShapedRead */
        ShapedRead: {
            /** Node */
            node: string | null;
            /** Delay Ms */
            delay_ms: number;
            /** Loss Percent */
            loss_percent: number;
            /** Rate Kbit */
            rate_kbit: number;
        };
        /**
         * Shown
         * @description A number as the student reads it.
         */
        Shown: {
            /** Value */
            value: string;
            unit: components["schemas"]["Text"];
        };
        /** SpanRead */
        SpanRead: {
            /** Up */
            up: boolean;
            /** Began */
            began: number;
            /** Ended */
            ended: number;
            /** Why */
            why: string;
        };
        /** StepRead */
        StepRead: {
            text: components["schemas"]["Text"];
            /** Formula */
            formula: string | null;
            /** Result */
            result: string | null;
        };
        /** TerminalRead */
        TerminalRead: {
            /** Terminal */
            terminal: string;
            /** Node */
            node: string;
            /** Ended */
            ended: boolean;
            /** Offset */
            offset: number;
        };
        /**
         * Text
         * @description The same thing said in Japanese and in English; neither may be empty.
         */
        Text: {
            /** Ja */
            ja: string;
            /** En */
            en: string;
        };
        /**
         * Timeline
         * @description When a system was up and down in a period.
         */
        Timeline: {
            /** Period H */
            period_h: number;
            /** Down */
            down: components["schemas"]["Down"][];
            caption: components["schemas"]["Text"];
            /**
             * Kind
             * @default timeline
             * @constant
             */
            kind: "timeline";
        };
        /** TimerRead */
        TimerRead: {
            /** Name */
            name: string;
            title: components["schemas"]["Text"];
            /** Seconds */
            seconds: number | null;
            explain: components["schemas"]["Text"];
        };
        /** UnitRead */
        UnitRead: {
            /** Key */
            key: string;
            label: components["schemas"]["Text"];
        };
        /** ValidationError */
        ValidationError: {
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
            /** Input */
            input?: unknown;
            /** Context */
            ctx?: Record<string, never>;
        };
        /** VerdictRead */
        VerdictRead: {
            /** Correct */
            correct: boolean;
            /** Asks */
            asks: components["schemas"]["AskVerdictRead"][];
            /** Explanation */
            explanation: components["schemas"]["StepRead"][];
            /** Figure */
            figure: components["schemas"]["Timeline"] | components["schemas"]["Series"] | components["schemas"]["Nines"] | null;
            /** Streak */
            streak: number;
            /** Needed */
            needed: number;
            /** Done */
            done: boolean;
        };
        /** DiskRead */
        nines__catalog__schemas__DiskRead: {
            /** Name */
            name: string;
            /** Size Mb */
            size_mb: number;
        };
        /** DiskRead */
        nines__sandboxes__schemas__DiskRead: {
            /** Name */
            name: string;
            /** Size Mb */
            size_mb: number;
            /** Present */
            present: boolean;
            /** Failing */
            failing: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    sign_in_api_v1_sign_in_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    sign_out_api_v1_sign_out_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    me_api_v1_me_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
        };
    };
    settle_api_v1_me_patch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MeUpdate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    change_password_api_v1_me_password_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    lab_api_v1_labs__slug__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    problems_api_v1_catalog_problems_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemRead"][];
                };
            };
        };
    };
    about_api_v1_about_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["About"];
                };
            };
        };
    };
    home_api_v1_home_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Home"];
                };
            };
        };
    };
    chapters_api_v1_chapters_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChapterSummary"][];
                };
            };
        };
    };
    chapter_api_v1_chapters__number__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChapterRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    calculation_api_v1_calculations__slug__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalculationRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    history_api_v1_calculations__slug__draws_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PastDraw"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    draw_api_v1_calculations__slug__draws_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    read_api_v1_draws__draw_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                draw_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    answer_api_v1_draws__draw_id__answer_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                draw_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswersWrite"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerdictRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    create_api_v1_sessions_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    live_api_v1_sessions_live_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRead"] | null;
                };
            };
        };
    };
    read_api_v1_sessions__session_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    stop_api_v1_sessions__session_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    extend_api_v1_sessions__session_id__extend_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    reset_api_v1_sessions__session_id__reset_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    inject_api_v1_sessions__session_id__faults_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FaultCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FaultRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    log_api_v1_sessions__session_id__log_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Happened"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    events_api_v1_sessions__session_id__events_get: {
        parameters: {
            query?: never;
            header?: {
                "last-event-id"?: number | null;
            };
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    listed_api_v1_sessions__session_id__terminals_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TerminalRead"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    close_api_v1_sessions__session_id__terminals__terminal__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
                terminal: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    of_session_api_v1_sessions__session_id__attempts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttemptRead"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    check_api_v1_sessions__session_id__attempts_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AttemptCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttemptRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    read_api_v1_attempts__attempt_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                attempt_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttemptRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    of_lab_api_v1_labs__slug__attempts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttemptRead"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    broken_api_v1_broken_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrokenRead"][];
                };
            };
        };
    };
    read_api_v1_sessions__session_id__meter_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeterRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    reset_api_v1_sessions__session_id__meter_reset_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeterRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    predict_api_v1_sessions__session_id__meter_predictions_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PredictionCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeterRead"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    table_api_v1_sessions__session_id__meter_csv_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
}
