// Names that come and go. Step n, in directories a = d(n mod 5) and b = d(n + 2 mod 5) beneath "names":
//   a/f-n is made with content and an attribute that follow from n, every third one gets a second name b/l-n, it is renamed
//   to b/g-n, what step n - 20 left is removed, and the directories are flushed: now step n is promised as a whole.
using System.Globalization;
using System.Text;
using HaMirror.Io.Native;

namespace HaMirror.Workload.Jobs;

/// <summary>A directory tree in motion.</summary>
internal sealed unsafe class NamesJob(string directory, string ledgers, Violations violations)
    : Job(directory, "names", ledgers, violations)
{
    private const ulong DirectoryCount = 5, Lifetime = 20, LinkEvery = 3;
    private const int ContentBytesMax = 9000;
    private const string Attribute = "user.step";

    private ulong _base;
    private ulong _issued;
    private ulong _flushed;
    private bool _isCleared;

    private string Root => Path.Combine(Directory, "names");

    public override IEnumerable<string> Verify(bool plain)
    {
        foreach (var entry in Ledger.Read())
            Take(entry);
        if (_isCleared || _base == 0)
            return [];
        var wrong = new List<string>();
        // What the last, unfinished step was about to remove may be gone already.
        for (var step = Math.Max(_base, _issued >= Lifetime ? _issued - Lifetime + 1 : 0); step <= _flushed; step++)
            CheckStep(step, wrong);
        var known = new HashSet<string>();
        for (var step = Math.Max(_base, _flushed >= Lifetime ? _flushed - Lifetime + 1 : 0); step <= _issued; step++)
            known.UnionWith(Paths(step));
        for (ulong index = 0; index < DirectoryCount; index++)
        {
            var place = Path.Combine(Root, $"d{index}");
            if (!System.IO.Directory.Exists(place))
                wrong.Add($"{place} is missing.");
            else
                wrong.AddRange(System.IO.Directory.GetFileSystemEntries(place).Where(path => !known.Contains(path))
                    .Select(path => $"{path} is there although it was removed or never made (steps {_base} to {_flushed} are flushed, {_issued} was begun)."));
        }
        for (var step = Math.Max(_base, _flushed >= Lifetime ? _flushed - Lifetime + 1 : 0); step <= _flushed; step++)
            if (File.Exists(Paths(step)[0]))
                wrong.Add($"{Paths(step)[0]} is there although it was renamed to {Paths(step)[1]} and that was flushed.");
        return wrong;
    }

    public override void Begin()
    {
        Ledger.Replace([new(EntryKind.Cleared, _issued, 0)]);
        for (ulong index = 0; index < DirectoryCount; index++)
        {
            var place = System.IO.Directory.CreateDirectory(Path.Combine(Root, $"d{index}")).FullName;
            foreach (var path in System.IO.Directory.GetFiles(place))
                File.Delete(path);
            FlushDirectory(place);
        }
        FlushDirectory(Root);
        FlushDirectory(Directory);
        _base = _issued + 1;
        _flushed = _issued;
        Ledger.Replace([new(EntryKind.Base, _base, 0), new(EntryKind.Issued, _issued, 0), new(EntryKind.Flushed, _issued, 0)]);
    }

    public override void Step(Random random)
    {
        var step = _issued + 1;
        Ledger.Issue(step);
        _issued = step;
        var (made, final, link) = (Paths(step)[0], Paths(step)[1], Paths(step)[2]);
        using (var file = new FileStream(made, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0))
        {
            file.Write(Content(step));
            var descriptor = (int)file.SafeFileHandle.DangerousGetHandle();
            var value = Encoding.ASCII.GetBytes(step.ToString(CultureInfo.InvariantCulture));
            fixed (byte* bytes = value)
                Shim.Check(Shim.SetAttribute(descriptor, Attribute, bytes, (ulong)value.Length, 0), $"set an attribute of {made}");
            if (step % 2 == 0)
                Shim.Check(Shim.Sync(descriptor, 0), $"flush {final}");
            if (step % LinkEvery == 0)
                Shim.Check(Shim.Link(descriptor, Shim.CurrentDirectory, link), $"link {link}");
            File.Move(made, final);
            if (step % 2 != 0)
                Shim.Check(Shim.Sync(descriptor, 0), $"flush {final}");
        }
        if (step > Lifetime && step - Lifetime >= _base)
        {
            File.Delete(Paths(step - Lifetime)[1]);
            File.Delete(Paths(step - Lifetime)[2]);
        }
        for (ulong index = 0; index < DirectoryCount; index++)
            FlushDirectory(Path.Combine(Root, $"d{index}"));
        Ledger.Acknowledge(EntryKind.Flushed, step);
        _flushed = step;
    }

    /// <summary>Each step flushes what it does.</summary>
    public override void Flush()
    {
    }

    private void Take(Entry entry)
    {
        switch (entry.Kind)
        {
            case EntryKind.Issued:
                _issued = Math.Max(_issued, entry.Number);
                break;
            case EntryKind.Flushed:
                _flushed = entry.Number;
                break;
            case EntryKind.Cleared:
                (_isCleared, _issued) = (true, entry.Number);
                break;
            default:
                (_isCleared, _base) = (false, entry.Number);
                break;
        }
    }

    private void CheckStep(ulong step, List<string> wrong)
    {
        var (final, link) = (Paths(step)[1], Paths(step)[2]);
        if (!File.Exists(final))
        {
            wrong.Add($"{final} is missing although step {step} was flushed ({_flushed} flushed, {_issued} begun).");
            return;
        }
        if (!File.ReadAllBytes(final).AsSpan().SequenceEqual(Content(step)))
            wrong.Add($"{final} has other content than was flushed ({new FileInfo(final).Length} bytes, {Content(step).Length} were written).");
        if (step % LinkEvery == 0 && !File.Exists(link))
            wrong.Add($"{link} is missing although step {step} was flushed.");
        var descriptor = Shim.Check(Shim.Open(Shim.CurrentDirectory, final, OpenFlags.ReadOnly, 0), $"open {final}");
        var value = stackalloc byte[32];
        var bytes = Shim.GetAttribute(descriptor, Attribute, value, 32);
        _ = Shim.Close(descriptor);
        if (bytes < 0 || Encoding.ASCII.GetString(value, (int)bytes) != step.ToString(CultureInfo.InvariantCulture))
            wrong.Add($"{final} has lost its attribute {Attribute}, which was flushed.");
    }

    private string[] Paths(ulong step)
    {
        var (a, b) = (Path.Combine(Root, $"d{step % DirectoryCount}"), Path.Combine(Root, $"d{(step + 2) % DirectoryCount}"));
        return [$"{a}/f-{step}", $"{b}/g-{step}", $"{b}/l-{step}"];
    }

    private static byte[] Content(ulong step)
    {
        var content = new byte[step * 2654435761 % ContentBytesMax + 1];
        for (var at = 0; at < content.Length; at++)
            content[at] = (byte)(step + (ulong)at * 7 + (ulong)at / 256);
        return content;
    }

    private static void FlushDirectory(string path)
    {
        var descriptor = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadOnly | OpenFlags.Directory, 0), $"open {path}");
        var result = Shim.Sync(descriptor, 0);
        _ = Shim.Close(descriptor);
        Shim.Check(result, $"flush {path}");
    }
}
