using HaMirror.Core.Configuration;
using HaMirror.Core.Hooks;
using HaMirror.Io.Hooks;
using HaMirror.Io.Tests.Hooks;

namespace HaMirror.Io.Tests.Modules;

/// <summary>A host on which the template's hooks meet a stand-in of virsh, findmnt and safekit: the hooks' own logic is
/// tested, every answer of libvirt at will. The lab runs the same hooks against the real one.</summary>
/// <remarks>The stand-in's QEMU is a process with QEMU's command line that holds the disk open. It behaves as files in
/// <c>libvirt/</c> say: <c>state</c> is the VM's state; <c>deaf</c> ignores shutdown, <c>immortal</c> ignores destroy,
/// <c>dead</c> answers nothing.</remarks>
internal sealed class VirtualHost : IDisposable
{
    private const string Virsh = """
        L=$HAMIRROR_ROOT/libvirt
        [ ! -e $L/dead ] || { echo "dead $*" >> $L/calls; echo "error: failed to connect to the hypervisor" >&2; exit 1; }
        [ "$1" = -q ] || { echo "not quiet: $*" >> $L/calls; exit 9; }
        shift
        echo "$*" >> $L/calls
        end() { for p in $(pgrep -f -- "qemu.* -name guest=$VM_NAME,"); do kill -9 $p; done; echo "shut off" > $L/state; }
        case $1 in
            uri) echo qemu:///system ;;
            domstate)
                [ -e $L/state ] || { echo "error: failed to get domain '$2'" >&2; exit 1; }
                s=$(cat $L/state)
                [ "$2" = --reason ] && cat $L/reason || echo "$s"
                echo ;;
            define) grep -q '<domain' $2 || exit 1; cp $2 $L/defined; [ -e $L/state ] || echo "shut off" > $L/state ;;
            dumpxml) [ -e $L/defined ] && cat $L/defined ;;
            start)
                [ ! -e $L/startfails ] || { echo "error: no disk" >&2; exit 1; }
                setsid -f bash -c 'exec 9<$VM_PATH/disk.qcow2; while :; do sleep 0.2; done' qemu-system-x86_64 -name guest=$VM_NAME,debug-threads=on -drive file=$VM_PATH/disk.qcow2 </dev/null >/dev/null 2>&1
                until pgrep -f -- "qemu.* -name guest=$VM_NAME," >/dev/null; do sleep 0.05; done
                cat $L/startsas > $L/state 2>/dev/null || echo running > $L/state ;;
            shutdown) [ -e $L/deaf ] || end ;;
            destroy) [ -e $L/immortal ] || end ;;
            resume) echo running > $L/state ;;
            autostart|dompmwakeup) ;;
            *) echo "unexpected: $*" >&2; exit 9 ;;
        esac
        """;

    public VirtualHost(string template)
    {
        Module = new HookDirectory();
        VmName = $"vm{Environment.ProcessId}.{Guid.NewGuid():N}"[..24];
        VmPath = Module.PathOf("images");
        foreach (var folder in (string[])["images", "libvirt", "stand-in", "safe"])
        {
            Directory.CreateDirectory(Module.PathOf(folder));
        }

        File.WriteAllText(Path.Combine(VmPath, "disk.qcow2"), "disk");
        Define(VmName);
        StandIn("stand-in/virsh", Virsh);
        StandIn("stand-in/findmnt", "cat $HAMIRROR_ROOT/libvirt/mounted");
        File.WriteAllText(Libvirt("mounted"), "fuse.hamirror\n");
        StandIn("safe/safekit", "echo \"$*\" >> $HAMIRROR_ROOT/said");
        foreach (var file in Directory.GetFiles(Path.Combine(Repository(), "modules", template, "bin")))
        {
            File.Copy(file, Path.Combine(Module.Places.Bin, Path.GetFileName(file)));
        }

        Places = Module.Places with
        {
            Safe = Module.PathOf("safe"),
            SystemPath = $"{Module.PathOf("stand-in")}:{Module.Places.SystemPath}",
        };
    }

    public HookDirectory Module { get; }

    public HookPlaces Places { get; }

    public string VmName { get; }

    public string VmPath { get; }

    public string DefinitionFile => Path.Combine(VmPath, $"{VmName}.xml");

    /// <summary>Processes that look like the VM.</summary>
    public IReadOnlyList<int> Qemus =>
        [.. ProcessEntry.All().Where(entry => entry.IsAlive && entry.CommandLine().Contains($"-name guest={VmName},", StringComparison.Ordinal)).Select(entry => entry.Id)];

    public string[] Calls => File.Exists(Libvirt("calls")) ? File.ReadAllLines(Libvirt("calls")) : [];

    public string[] Said => File.Exists(Module.PathOf("said")) ? File.ReadAllLines(Module.PathOf("said")) : [];

    public string Libvirt(string file) => Path.Combine(Module.Root, "libvirt", file);

    public void Set(string file, string text = "") => File.WriteAllText(Libvirt(file), text + "\n");

    public void Unset(string file) => File.Delete(Libvirt(file));

    /// <summary>libvirt knows the VM, which is off.</summary>
    public void Define(string mark)
    {
        Set("defined", $"<domain><name>{VmName}</name><!-- {mark} --></domain>");
        Set("state", "shut off");
    }

    public void StandIn(string path, string body)
    {
        File.WriteAllText(Module.PathOf(path), $"#!/bin/bash\n{body}\n");
        File.SetUnixFileMode(Module.PathOf(path), UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public async Task<HookResult> RunAsync(string hook, bool forced = false, double seconds = 60, params KeyValuePair<string, string>[] variables)
    {
        var user = HookDirectory.User(seconds, 60, [KeyValuePair.Create("VM_NAME", VmName), KeyValuePair.Create("VM_PATH", VmPath), KeyValuePair.Create("DESTROY_SECONDS", "1"), .. variables]);
        var result = await new HookRunner(Places, user, TimeProvider.System).RunAsync(hook, forced, new HookArguments("WAIT", "ALONE", "start"), default);
        Output = result.OutputFile is { } file ? File.ReadAllText(file) : "";
        return result;
    }

    /// <summary>What the last hook printed.</summary>
    public string Output { get; private set; } = "";

    public void Dispose()
    {
        foreach (var process in Qemus)
        {
            System.Diagnostics.Process.GetProcessById(process).Kill();
        }

        Module.Dispose();
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "HaMirror.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
