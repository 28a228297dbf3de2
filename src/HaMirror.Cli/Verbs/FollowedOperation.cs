// An operation of the agent that a command waits for, with the line that shows how far it is.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;

namespace HaMirror.Cli.Verbs;

/// <summary>Follows operations.</summary>
internal static class FollowedOperation
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits for the end; whoever gives up waiting stops it.</summary>
    /// <returns>Its result.</returns>
    /// <exception cref="RefusedException">It failed, or somebody else has stopped it.</exception>
    public static async Task<T> ResultAsync<T>(Invocation invocation, OperationStatus operation, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var line = new ProgressLine(invocation.Screen);
        try
        {
            while (operation.State == "running")
            {
                line.Show(Words(operation));
                await Task.Delay(LookPeriod, cancellation);
                operation = await invocation.Agent.GetAsync(ConsolePath.Operation(operation.Id), ConsoleJson.Default.OperationStatus, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            await invocation.Agent.SendAsync(HttpMethod.Delete, ConsolePath.Operation(operation.Id), null, CancellationToken.None);
            throw;
        }
        finally
        {
            line.End();
        }

        if (operation is { State: "done", Result: { } result } && result.Deserialize(type) is { } value) return value;
        throw new RefusedException(ExitCode.Refused, operation.Problem?.Title ?? operation.Text, operation.Problem?.Detail);
    }

    private static string Words(OperationStatus operation) => operation is { Percent: { } percent, BytesDone: { } done, BytesTotal: { } total }
        ? $"{operation.Text} {ProgressLine.Of(percent, done, total, operation.BytesPerSecond ?? 0, operation.SecondsLeft)}"
        : operation.Text;
}
