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
            case JsonException or BadHttpRequestException:
                return new Problem($"The request's body is wrong: {error.Message}", null, Refusal.BadRequest);
            default:
                log.ApiFailed(error, context.Request.Method, context.Request.Path);
                return new Problem($"The agent failed inside: {error.Message}", "agent.log has the details.", StatusCodes.Status500InternalServerError);
        }
    }

    private static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        return context.Response.WriteAsJsonAsync(problem, ApiJson.Default.Problem, "application/problem+json");
    }
}
