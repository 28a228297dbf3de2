using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary>Turns refusals, bad bodies and the agent's own faults into problem+json.</summary>
internal static class ApiProblem
{
    public static void UseProblems(this WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
                if (context.Response.StatusCode is 404 or 405 && !context.Response.HasStarted)
                    await WriteAsync(context, new Problem($"The agent has no {context.Request.Method} {context.Request.Path}.", "The agent and the command line may be of different versions.", context.Response.StatusCode));
            }
            catch (Exception error) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            {
                await WriteAsync(context, Of(error, context, app.Logger));
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // The caller has left: nobody to answer.
            }
        });
    }

    private static Problem Of(Exception error, HttpContext context, ILogger log)
    {
        switch (error)
        {
            case Refusal refusal:
                return new Problem(refusal.Message, refusal.Remedy, refusal.Status) { Errors = refusal.Errors };
            case BadHttpRequestException bad:
                return new Problem($"The request is wrong: {bad.Message.TrimEnd('.')}.", null, bad.StatusCode);
            case JsonException json:
                return new Problem($"The request's body is wrong: {Sentence(json)}", "GET /v1/openapi.json shows what it should be.", Refusal.BadRequest);
            default:
                log.ApiFailed(error, context.Request.Method, context.Request.Path.ToUriComponent());
                return new Problem($"The agent failed inside: {error.Message}", "agent.log has the details.", StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>Where it is wrong, and how; not what this program calls it inside.</summary>
    private static string Sentence(JsonException error)
    {
        var at = error.LineNumber is { } line ? $" (line {line + 1}, byte {error.BytePositionInLine + 1})" : "";
        var end = error.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        return error.InnerException is null || error.Message.Contains("could not be converted", StringComparison.Ordinal)
            ? $"it has no fitting value at '{error.Path ?? "$"}'{at}."
            : $"it is no JSON: {(end < 0 ? error.Message : error.Message[..end]).TrimEnd('.')}{at}.";
    }

    /// <summary>A fault of a file is a clause there, and a sentence here.</summary>
    private static string Ended(string text) => text.Length > 0 && char.IsLetterOrDigit(text[^1]) ? text + "." : text;

    private static Task WriteAsync(HttpContext context, Problem problem)
    {
        // What a caller has sent stands in many a sentence, and sentences end on terminals and in logs.
        problem = problem with
        {
            Title = Ended(Printable.Clean(problem.Title)), Detail = problem.Detail is { } detail ? Printable.CleanLines(detail) : null,
            Errors = problem.Errors.IsDefaultOrEmpty ? problem.Errors : [.. problem.Errors.Select(Printable.CleanLines)],
        };
        context.Response.StatusCode = problem.Status;
        return context.Response.WriteAsJsonAsync(problem, ApiJson.Default.Problem, "application/problem+json");
    }
}
