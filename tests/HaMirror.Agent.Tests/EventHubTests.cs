using System.Text;
using HaMirror.Agent.Events;

namespace HaMirror.Agent.Tests;

public sealed class EventHubTests
{
    [Fact]
    public void Client_ThatComesBack_GetsWhatItMissed()
    {
        var hub = new EventHub();
        for (var number = 1; number <= 5; number++) hub.Publish("log", Data(number));
        using var client = hub.Watch(hub.IdOf(3))!;
        Assert.True(client.Resumed);
        hub.Publish("log", Data(6));
        Assert.Equal([4, 5, 6], Drain(client));
    }

    [Theory]
    [InlineData("other-3")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void Client_WithAnIdOfAnotherProcessOrNone_BeginsAnew(string id)
    {
        var hub = new EventHub();
        for (var number = 1; number <= 5; number++) hub.Publish("log", Data(number));
        using var client = hub.Watch(id)!;
        Assert.False(client.Resumed);
        Assert.Equal(5, client.Begin);
        Assert.Empty(Drain(client));
    }

    [Fact]
    public void Client_AfterMoreThanIsKept_BeginsAnew()
    {
        var hub = new EventHub();
        for (var number = 1; number <= EventHub.EventsMax + 10; number++) hub.Publish("log", Data(number));
        using var late = hub.Watch(hub.IdOf(5))!;
        Assert.False(late.Resumed);
        using var future = hub.Watch(hub.IdOf(EventHub.EventsMax + 11))!;
        Assert.False(future.Resumed);
    }

    [Fact]
    public void Client_ThatTakesNothing_HoldsNobodyAndIsTold()
    {
        var hub = new EventHub();
        using var slow = hub.Watch(null)!;
        using var quick = hub.Watch(null)!;
        var seen = 0;
        for (var number = 1; number <= 3000; number++)
        {
            hub.Publish("log", Data(number));
            seen += Drain(quick).Count;
        }

        Assert.Equal(3000, seen);
        Assert.False(quick.TakeOverrun());
        Assert.True(slow.TakeOverrun());
        Assert.True(Drain(slow).Count < 1000);
    }

    [Fact]
    public void Watch_ByTooMany_IsRefusedUntilOneLeaves()
    {
        var hub = new EventHub();
        var clients = Enumerable.Range(0, EventHub.ClientsMax).Select(_ => hub.Watch(null)!).ToArray();
        Assert.Null(hub.Watch(null));
        clients[0].Dispose();
        Assert.NotNull(hub.Watch(null));
    }

    private static byte[] Data(int number) => Encoding.ASCII.GetBytes(number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static List<long> Drain(EventHub.Client client)
    {
        var numbers = new List<long>();
        while (client.Events.TryRead(out var made)) numbers.Add(made.Number);
        return numbers;
    }
}
