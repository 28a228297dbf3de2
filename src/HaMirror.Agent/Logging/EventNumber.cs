using Serilog.Core;
using Serilog.Events;

namespace HaMirror.Agent.Logging;

/// <summary>Gives each line of agent.log the number of its message alone: what monitoring rules match. Without it the whole
/// event id, a structure with its C# name, would stand in the line.</summary>
internal sealed class EventNumber : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        if (logEvent.Properties.GetValueOrDefault("EventId") is StructureValue id
            && id.Properties.FirstOrDefault(property => property.Name == "Id") is { } number)
            logEvent.AddPropertyIfAbsent(new LogEventProperty(nameof(EventNumber), number.Value));
    }
}
