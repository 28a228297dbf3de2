// Against libvirt's own test driver, which runs inside this process: no daemon and no root needed.
using HaMirror.Io.Libvirt;

namespace HaMirror.Io.Tests.Libvirt;

public sealed class LibvirtConnectionTests : IDisposable
{
    private const string Uuid = "11111111-2222-3333-4444-555555555555";

    private const string Host = $"""
        <node>
          <domain type='test'>
            <name>web</name><uuid>{Uuid}</uuid><memory>65536</memory><vcpu>1</vcpu>
            <os><type>hvm</type><loader readonly='yes' type='pflash'>/usr/share/code.fd</loader><nvram>/vm/firmware/web.fd</nvram></os>
            <devices>
              <disk type='file' device='disk'><source file='/vm/web/disk.qcow2'/><target dev='vda' bus='virtio'/></disk>
              <disk type='block' device='disk'><source dev='/dev/vg/web'/><target dev='vdb' bus='virtio'/></disk>
            </devices>
          </domain>
          <domain type='test'>
            <name>other</name><uuid>22222222-2222-3333-4444-555555555555</uuid><memory>65536</memory><vcpu>1</vcpu>
            <os><type>hvm</type></os>
            <devices>
              <disk type='file' device='disk'><source file='/vm/web2/disk.qcow2'/><target dev='vda' bus='virtio'/></disk>
            </devices>
          </domain>
        </node>
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly string file = Path.GetTempFileName();

    public LibvirtConnectionTests() => File.WriteAllText(file, Host);

    public void Dispose() => File.Delete(file);

    [Fact]
    public async Task FindUsing_DirectoryOfOneVm_FindsThatOneOnly()
    {
        using var connection = await LibvirtConnection.OpenAsync(Deadline, "test://" + file);
        var found = Assert.Single(await connection.FindUsingAsync("/vm/web"));
        Assert.Equal(("web", Guid.Parse(Uuid)), (found.Name, found.Uuid));
        Assert.Equal("/vm/web/disk.qcow2 /dev/vg/web /vm/firmware/web.fd", string.Join(' ', found.Files));
        Assert.Equal(2, (await connection.FindUsingAsync("/vm/")).Length);
        Assert.Equal(2, (await connection.FindUsingAsync("/")).Length);
        Assert.Empty(await connection.FindUsingAsync("/vm/we"));
    }

    [Fact]
    public async Task Destroy_RunningVm_RunsNoMore()
    {
        using var connection = await LibvirtConnection.OpenAsync(Deadline, "test://" + file);
        Assert.True(await connection.DestroyAsync(Guid.Parse(Uuid)));
        Assert.False(await connection.DestroyAsync(Guid.Parse(Uuid)));
        Assert.False(await connection.DestroyAsync(Guid.NewGuid()));
        Assert.Equal("other", Assert.Single(await connection.ListRunningAsync()).Name);
    }

    [Fact]
    public async Task Open_ServerThatNeverAnswers_IsGivenUpInTime()
    {
        var socket = Path.Combine(Directory.CreateTempSubdirectory("hamirror-virt").FullName, "sock");
        using var listener = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0);
        listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(socket));
        listener.Listen(); // and never accepts
        var refused = await Assert.ThrowsAsync<LibvirtException>(
            () => LibvirtConnection.OpenAsync(TimeSpan.FromMilliseconds(300), "qemu+unix:///system?socket=" + socket));
        Assert.Contains("did not connect within 0.3 s", refused.Message);
        Directory.Delete(Path.GetDirectoryName(socket)!, recursive: true);
    }

    [Fact]
    public async Task Open_NoServer_SaysWhy()
    {
        var refused = await Assert.ThrowsAsync<LibvirtException>(
            () => LibvirtConnection.OpenAsync(Deadline, "qemu+unix:///system?socket=/none/sock"));
        Assert.Contains("/none/sock", refused.Message);
        Assert.Contains("Is libvirtd running?", refused.Message);
    }

    [Fact]
    public async Task Call_AfterDispose_IsRefused()
    {
        var connection = await LibvirtConnection.OpenAsync(Deadline, "test://" + file);
        connection.Dispose();
        await Assert.ThrowsAsync<LibvirtException>(connection.ListRunningAsync);
    }
}
