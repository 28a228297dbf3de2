using HaMirror.Core.Configuration;

namespace HaMirror.Agent.Modules;

/// <summary>A module as this node knows it from disk.</summary>
/// <param name="Number">1 to <see cref="NumberMax"/>: its replication listens on 5600 + 4·(number−1).</param>
/// <param name="Active">The configuration in force; null when none is yet, or when it is wrong.</param>
/// <param name="Fault">Why the active configuration cannot be used, as a sentence; null when it can, or when there is none.</param>
/// <param name="Hash">Of the active configuration and hooks; 0 when there is none.</param>
internal sealed record ModuleDefinition(string Name, int Number, ModuleConfiguration? Active, string? Fault, ulong Hash)
{
    /// <summary>As many modules as SafeKit promises; the ports up to 5724 belong to HaMirror.</summary>
    public const int NumberMax = 32;

    public int Port => 5600 + (4 * (Number - 1));
}
