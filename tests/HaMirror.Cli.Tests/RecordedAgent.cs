// An HTTP server on a Unix socket that gives recorded answers and remembers what it was asked.
// What was not recorded is answered 404 with a problem that names it, so that a test shows what it forgot.
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HaMirror.Cli.Tests;

/// <summary>A stand-in for the agent.</summary>
public sealed class RecordedAgent : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly string folder = Directory.CreateTempSubdirectory("hamirror-cli").FullName;
    private readonly ConcurrentDictionary<string, (int Status, string Body)> answers = new();
    private readonly ConcurrentDictionary<string, string> open = new();

    private RecordedAgent()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Socket));
        application = builder.Build();
        application.Run(AnswerAsync);
    }

    /// <summary>Its socket.</summary>
    public string Socket => Path.Combine(folder, "agent.sock");

    /// <summary>What it was asked: "METHOD path?query body", in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public static async Task<RecordedAgent> StartAsync()
    {
        var agent = new RecordedAgent();
        await agent.application.StartAsync();
        return agent;
    }

    public RecordedAgent Record(string request, string body, int status = 200)
    {
        answers[request] = (status, body);
        return this;
    }

    /// <summary>Answers with the body and keeps the answer open until the client goes away, as a log that is followed.</summary>
    public RecordedAgent RecordOpen(string request, string body)
    {
        open[request] = body;
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var request = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
        Asked.Enqueue($"{request} {body}".TrimEnd());
        if (open.TryGetValue(request, out var beginning))
        {
            await context.Response.WriteAsync(beginning);
            await context.Response.Body.FlushAsync();
            var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var aborted = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
            return;
        }

        var (status, answer) = answers.TryGetValue(request, out var recorded)
            ? recorded
            : (404, $$"""{"title":"{{request}} was not recorded","status":404}""");
        context.Response.StatusCode = status;
        context.Response.ContentType = status < 400 ? "application/json" : "application/problem+json";
        if (status != 204)
        {
            await context.Response.WriteAsync(answer);
        }
    }
}
