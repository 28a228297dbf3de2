using System.Collections.Immutable;

namespace HaMirror.Core.Configuration;

/// <summary>Reads <c>rfs</c> and what is beneath it.</summary>
internal static class ReplicationReader
{
    /// <summary>Directories that hold a running system: mounting over them would take the host down.</summary>
    private static readonly ImmutableHashSet<string> SystemDirectories =
        ["/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/log"];

    public static ReplicationConfiguration? Read(ElementValues rfs, ReadingContext context)
    {
        var directories = ImmutableArray.CreateBuilder<ReplicatedDirectory>();
        foreach (var replicated in rfs.ChildrenNamed("replicated"))
        {
            var path = Normalised(replicated.Text("dir"));
            if (DirectoryRefusal(path, directories) is { } refusal)
            {
                context.Refuse(replicated.At("dir"), refusal);
            }

            directories.Add(Directory(replicated, path, context));
        }

        if (directories.Count == 0)
        {
            context.Refuse(rfs.Element!, "element \"rfs\" needs an element \"replicated\" with the directory to mirror; leave \"rfs\" out when there is none");
        }

        return new ReplicationConfiguration
        {
            Ack = rfs.Text("async") == "none" ? AckMode.Applied : AckMode.Received,
            ManualDivergence = rfs.Text("divergence") == "manual",
            Encryption = rfs.OnOff("encryption"),
            LockTimeout = rfs.Duration("locktimeout"),
            SendTimeout = rfs.Duration("sendtimeout"),
            ResyncStreams = rfs.Whole("nbrei"),
            ResyncBandwidth = rfs.WholeOrNull("reiallowedbw") * 1000,
            HotAreas = rfs.Whole("hotareas"),
            Kernel = new KernelUse
            {
                ParallelWrites = rfs.OnOff("parallelwrites"),
                RequestBytes = rfs.Whole("requestsize") / 4 * 4 << 10, // whole pages
                Passthrough = rfs.OnOff("passthrough"),
            },
            CheckTime = rfs.Duration("checktime"),
            CheckInterval = rfs.Duration("checkintv"),
            Directories = directories.ToImmutable(),
        };
    }

    private static ReplicatedDirectory Directory(ElementValues replicated, string path, ReadingContext context)
    {
        var excluded = ImmutableArray.CreateBuilder<string>();
        var patterns = ImmutableArray.CreateBuilder<string>();
        foreach (var local in replicated.ChildrenNamed("notreplicated"))
        {
            if (local.Has("path") == local.Has("regexpath"))
            {
                context.Refuse(local.Element!, "element \"notreplicated\" needs exactly one of the attributes \"path\" and \"regexpath\"");
            }
            else if (local.Has("path"))
            {
                Add(local, excluded, context);
            }
            else if (PatternRefusal(local.Text("regexpath")) is { } refusal)
            {
                context.Refuse(local.At("regexpath"), $"attribute \"regexpath\" of \"notreplicated\": {refusal}");
            }
            else
            {
                patterns.Add(local.Text("regexpath"));
            }
        }

        var toCheck = ImmutableArray.CreateBuilder<string>();
        foreach (var check in replicated.ChildrenNamed("tocheck"))
        {
            Add(check, toCheck, context);
        }

        return new ReplicatedDirectory(path, excluded.ToImmutable(), patterns.ToImmutable(), toCheck.ToImmutable());
    }

    private static void Add(ElementValues element, ImmutableArray<string>.Builder paths, ReadingContext context)
    {
        if (RelativePath.Refusal(element.Text("path"), out var clean) is { } refusal)
        {
            context.Refuse(element.At("path"), $"attribute \"path\" of \"{element.Known.Name}\": {refusal}");
        }
        else
        {
            paths.Add(clean);
        }
    }

    private static string? PatternRefusal(string pattern)
    {
        try
        {
            PosixExpression.Compile(pattern.StartsWith('!') ? pattern[1..] : pattern);
            return null;
        }
        catch (FormatException failure)
        {
            return failure.Message;
        }
    }

    private static string Normalised(string path) =>
        path.StartsWith('/') ? "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries)) : path;

    private static string? DirectoryRefusal(string path, IEnumerable<ReplicatedDirectory> earlier)
    {
        var shown = VocabularyCheck.Clip(path);
        if (!path.StartsWith('/'))
        {
            return $"the replicated directory \"{shown}\" is not absolute; begin it with \"/\"";
        }

        if (path.Split('/').Any(part => part is "." or ".."))
        {
            return $"the replicated directory \"{shown}\" contains \".\" or \"..\"; write it out";
        }

        if (SystemDirectories.Contains(path))
        {
            return $"\"{shown}\" belongs to the system and cannot be mounted over; make a directory of the module's own";
        }

        var nested = earlier.FirstOrDefault(other =>
            other.Path == path || path.StartsWith(other.Path + "/", StringComparison.Ordinal) || other.Path.StartsWith(path + "/", StringComparison.Ordinal));
        return nested is null ? null
            : nested.Path == path ? $"the directory \"{shown}\" is replicated twice"
            : $"the directories \"{shown}\" and \"{nested.Path}\" lie in each other; replicate the outer one";
    }
}
