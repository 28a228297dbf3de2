using System.Reflection;
using Microsoft.Extensions.Logging;

namespace HaMirror.Agent.Tests;

public sealed class LogMessageTests
{
    [Fact]
    public void Numbers_OfEveryMessageInEveryPart_AreUnique()
    {
        Assembly[] parts = [typeof(Agent.Logging.LogMessages).Assembly, typeof(Io.Heartbeats.HeartbeatSession).Assembly];
        var numbers = parts.SelectMany(part => part.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (method.Name, method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(message => message.EventId is not null)
            .ToList();
        Assert.True(numbers.Count > 20);
        Assert.Empty(numbers.GroupBy(message => message.EventId).Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(message => message.Name))}"));
    }
}
