// What a shell offers after a tab.
using System.Text.Json.Serialization.Metadata;
using HaMirror.Cli.Agent;

namespace HaMirror.Cli.Verbs;

/// <summary>Asks the agent for words.</summary>
internal static class Completion
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Nothing when the agent does not answer at once: whoever types waits.</summary>
    public static IEnumerable<string> Of<T>(Invocation invocation, string path, JsonTypeInfo<T> type, Func<T, IEnumerable<string>> words)
    {
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            return [.. words(invocation.Agent.GetAsync(path, type, limit.Token).GetAwaiter().GetResult())];
        }
        catch (Exception e) when (e is RefusedException or OperationCanceledException)
        {
            return [];
        }
    }
}
