/// AssemblyAI's API on a loopback port, with the faults that a test asks for.
package struct AssemblyAISimulator: Sendable {}
