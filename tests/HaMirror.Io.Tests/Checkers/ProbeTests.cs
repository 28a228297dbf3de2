using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HaMirror.Core.Configuration;
using HaMirror.Io.Checkers;

namespace HaMirror.Io.Tests.Checkers;

public sealed class ProbeTests
{
    [Fact]
    public async Task Tcp_ListeningPort_IsUpAndClosedIsDown()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var probe = new TcpProbe("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, TimeSpan.FromSeconds(20));
        Assert.True((await probe.LookAsync(default)).Up);
        listener.Stop();
        Assert.False((await probe.LookAsync(default)).Up);
    }

    [Fact]
    public async Task Tcp_FullBacklog_IsDownAfterItsTimeout()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        List<Socket> waiting = [];
        try
        {
            // Nobody accepts: once the backlog is full the kernel drops further requests silently.
            for (var count = 0; count < 4; count++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                waiting.Add(socket);
                try
                {
                    socket.Connect(IPAddress.Loopback, port);
                }
                catch (SocketException begun) when (begun.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                    continue;
                }
            }

            var look = await new TcpProbe("127.0.0.1", port, TimeSpan.FromMilliseconds(300)).LookAsync(default);
            Assert.False(look.Up, look.Detail);
            Assert.Contains("does not answer within 0.3 s", look.Detail, StringComparison.Ordinal);
        }
        finally
        {
            waiting.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Address_OfLoopback_IsThereAndAnotherIsNot()
    {
        Assert.True((await new AddressProbe("127.0.0.1", linkUp: true).LookAsync(default)).Up);
        Assert.False((await new AddressProbe("192.0.2.77", linkUp: false).LookAsync(default)).Up);
    }

    [Fact]
    public async Task Process_OfAKnownCommandLine_IsCountedWithinItsBounds()
    {
        var mark = $"hamirror-probe-{Guid.NewGuid()}";
        // A shell that starts a command is two of the same command line for a moment; one that reads stays alone.
        using var child = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read line; :", mark]) { RedirectStandardInput = true })!;
        try
        {
            ProcessConfiguration Wanted(int least, int most, int after = 0) =>
                new("sh", false, null, mark, least, most, after, CheckPhase.Prim, null);
            Assert.True((await new ProcessProbe(Wanted(1, 1)).LookAsync(default)).Up);
            Assert.False((await new ProcessProbe(Wanted(2, int.MaxValue)).LookAsync(default)).Up);
            Assert.False((await new ProcessProbe(Wanted(0, 0)).LookAsync(default)).Up);
            Assert.False((await new ProcessProbe(Wanted(1, 1) with { NamePattern = "^nosuch$" }).LookAsync(default)).Up);

            var late = new ProcessProbe(Wanted(2, int.MaxValue, after: 1));
            Assert.True((await late.LookAsync(default)).Up);
            Assert.False((await late.LookAsync(default)).Up);
        }
        finally
        {
            child.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Module_OfTheAgentsAnswer_IsPassedOn()
    {
        Assert.True((await new ModuleProbe("vm0", "n1", (module, node) => (module, node) == ("vm0", "n1")).LookAsync(default)).Up);
        Assert.False((await new ModuleProbe("vm0", null, (_, _) => false).LookAsync(default)).Up);
    }
}
