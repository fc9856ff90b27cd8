import Pipeline

/// The state of the deployment's queue, across all accounts and nodes.
package struct QueueReading: Sendable, Equatable {
    package struct Tasks: Hashable, Sendable {
        package let kind: String
        /// `ready`: may be claimed now. `later`: waits for its time. `running`.
        package let state: String

        package init(kind: String, state: String) {
            self.kind = kind
            self.state = state
        }
    }

    package var jobsWaiting: Int64 = 0
    package var jobsRunning: Int64 = 0
    /// How long the oldest waiting job has waited; nil if none waits.
    package var oldestWaitSeconds: Double?
    package var tasks: [Tasks: Int64] = [:]
    /// Preparations of long recordings, by state. They are counted in `tasks`, too.
    package var longPreparations: [String: Int64] = [:]
    /// Webhooks that are neither delivered nor given up.
    package var deliveriesPending: Int64 = 0
    /// How long the oldest of them has been due; nil if none is.
    package var deliveryOldestSeconds: Double?
    /// Seconds of audio that unfinished jobs have reserved.
    package var reservedSeconds: Int64 = 0
    /// How often each external recognizer rejected a model, a request or a key.
    package var engineRefusals: [String: Int64] = [:]

    package init() {}

    package func write(to text: inout PrometheusText) {
        text.family("verbatim_jobs", .gauge, "Unfinished jobs: waiting for their start, or running.") {
            $0.sample(Double(jobsWaiting), ["state": "waiting"])
            $0.sample(Double(jobsRunning), ["state": "running"])
        }
        text.single(
            "verbatim_job_oldest_wait_seconds", .gauge,
            "Seconds that the oldest queued job has waited, among accounts that may start one; 0 if none waits.",
            oldestWaitSeconds ?? 0)
        text.family(
            "verbatim_tasks", .gauge,
            "Unfinished tasks: ready to be claimed, waiting for their time (later), or running."
        ) {
            let kinds = Set(tasks.keys.map(\.kind)).union(TaskKind.allCases.map(\.rawValue))
            for kind in kinds.sorted() {
                for state in ["ready", "later", "running"] {
                    let count = tasks[Tasks(kind: kind, state: state)] ?? 0
                    $0.sample(Double(count), ["kind": kind, "state": state])
                }
            }
        }
        text.family(
            "verbatim_long_preparations", .gauge,
            "Prepare tasks of long recordings, which have slots of their own."
        ) {
            for state in ["ready", "later", "running"] {
                $0.sample(Double(longPreparations[state] ?? 0), ["state": state])
            }
        }
        text.family(
            "verbatim_engine_refusals_total", .counter,
            "How often a recognizer rejected a configured model, our request or our key, on all nodes. If it grows, run doctor."
        ) {
            for engine in Set(engineRefusals.keys).union([AssemblyAIEngine.engineName, EngineRefusals.whisperServer])
                .sorted()
            {
                $0.sample(Double(engineRefusals[engine] ?? 0), ["engine": engine])
            }
        }
        text.single(
            "verbatim_webhook_deliveries_pending", .gauge, "Webhooks neither delivered nor given up.",
            Double(deliveriesPending))
        text.single(
            "verbatim_webhook_oldest_due_seconds", .gauge,
            "Seconds that the oldest due webhook has waited to be sent; 0 if none waits.",
            deliveryOldestSeconds ?? 0)
        text.single(
            "verbatim_reserved_seconds", .gauge, "Seconds of audio that unfinished jobs have reserved of their quotas.",
            Double(reservedSeconds))
    }
}
