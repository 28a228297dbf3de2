using HaMirror.Agent.Api;
using Serilog.Core;
using Serilog.Events;

namespace HaMirror.Agent.Logging;

/// <summary>Keeps each message of agent.log on one line: what comes from outside (names, paths, sentences of other programs) must not
/// forge the next one.</summary>
internal sealed class OneLine : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        foreach (var (name, value) in logEvent.Properties)
        {
            if (value is not ScalarValue { Value: string text }) continue;
            var clean = Printable.Clean(text.ReplaceLineEndings(" | "));
            if (clean != text) logEvent.AddOrUpdateProperty(new LogEventProperty(name, new ScalarValue(clean)));
        }
    }
}
