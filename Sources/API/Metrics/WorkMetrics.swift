import Pipeline
import Postgres
import Tenancy

/// What a node with a worker has done, as metrics.
struct WorkMetrics: Sendable {
    let meter: WorkMeter
    let engine: EngineReadiness

    func write(to text: inout PrometheusText) async {
        let reading = meter.reading
        text.family(
            "verbatim_jobs_ended_total", .counter,
            "Jobs that this node ended, by their error's code; none: with a transcript."
        ) {
            for code in [nil] + JobFailure.Code.allCases.map(\.rawValue) {
                $0.sample(Double(reading.jobs[code] ?? 0), ["code": code ?? "none"])
            }
        }
        text.family("verbatim_task_attempts_total", .counter, "Attempts at tasks, by kind and outcome.") {
            for kind in TaskKind.allCases {
                for outcome in WorkMeter.TaskOutcome.allCases {
                    let count = reading.attempts[WorkMeter.Attempt(kind: kind.rawValue, outcome: outcome)] ?? 0
                    $0.sample(Double(count), ["kind": kind.rawValue, "outcome": outcome.rawValue])
                }
            }
        }
        text.family("verbatim_task_duration_seconds", .histogram, "Seconds that attempts at tasks took.") {
            for (kind, durations) in reading.durations.sorted(by: { $0.key < $1.key }) {
                $0.histogram(durations, ["kind": kind])
            }
        }
        text.family(
            "verbatim_recognized_audio_seconds_total", .counter, "Seconds of audio that were recognized, by engine."
        ) {
            for (engine, seconds) in reading.audio.sorted(by: { $0.key < $1.key }) {
                $0.sample(seconds, ["engine": engine])
            }
        }
        text.family(
            "verbatim_recognition_seconds_total", .counter,
            "Seconds that recognition took. Divided by the seconds of audio, this is the real-time factor. Not of engines that are polled."
        ) {
            for (engine, seconds) in reading.recognition.sorted(by: { $0.key < $1.key }) {
                $0.sample(seconds, ["engine": engine])
            }
        }
        writeEngines(reading, to: &text)
        text.family(
            "verbatim_webhook_attempts_total", .counter,
            "Attempts to send a webhook, by their error; none: acknowledged."
        ) {
            for error in [nil] + DeliveryError.allCases.map(\.rawValue) {
                $0.sample(Double(reading.webhooks[error] ?? 0), ["error": error ?? "none"])
            }
        }
        text.family(
            "verbatim_webhook_lag_seconds", .histogram, "Seconds from an event to the acknowledgement of its webhook."
        ) {
            $0.histogram(reading.webhookLag, [:])
        }
        await writeModelServer(to: &text)
    }

    private func writeEngines(_ reading: WorkMeter.Reading, to text: inout PrometheusText) {
        text.family(
            "verbatim_engine_errors_total", .counter,
            "Chunks that an engine did not recognize at an attempt, by reason."
        ) {
            for reason in EngineFailure.allCases {
                $0.sample(Double(reading.engineErrors[reason.rawValue] ?? 0), ["reason": reason.rawValue])
            }
        }
        text.family(
            "verbatim_engine_fallbacks_total", .counter, "Chunks that fell back to the other engine, by reason."
        ) {
            for reason in FallbackReason.allCases {
                $0.sample(Double(reading.fallbacks[reason.rawValue] ?? 0), ["reason": reason.rawValue])
            }
        }
    }

    private func writeModelServer(to text: inout PrometheusText) async {
        // Asks it again after a few seconds, also while no worker needs to know.
        let load = await engine.isReady() ? await engine.load : nil
        text.single(
            "verbatim_model_server_up", .gauge, "1 if the model server answers and has its model.", load == nil ? 0 : 1)
        guard let load else { return }
        text.family(
            "verbatim_model_server_requests", .gauge, "Requests at the model server: running, or waiting for a worker."
        ) {
            $0.sample(Double(load.running), ["state": "running"])
            $0.sample(Double(load.waiting), ["state": "waiting"])
        }
    }
}

/// Connections to the database, on every node.
struct DatabaseMetrics: Sendable {
    let databases: Databases

    private var pools: KeyValuePairs<String, PostgresPool> {
        [
            "app": databases.app, "system": databases.system, "sessions": databases.sessions,
            "leases": databases.leases, "health": databases.health,
        ]
    }

    func write(to text: inout PrometheusText) {
        text.family(
            "verbatim_database_calls_waiting", .gauge, "Calls that wait for a connection to the database, by its pool."
        ) {
            for (name, pool) in pools { $0.sample(Double(pool.waiting), ["pool": name]) }
        }
        text.family("verbatim_database_connections", .gauge, "Connections to the database in use, by pool.") {
            for (name, pool) in pools { $0.sample(Double(pool.inUse), ["pool": name]) }
        }
        text.family("verbatim_database_connections_limit", .gauge, "Connections that each pool may have.") {
            for (name, pool) in pools { $0.sample(Double(pool.size), ["pool": name]) }
        }
    }
}
