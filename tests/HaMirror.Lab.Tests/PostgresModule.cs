using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace HaMirror.Lab.Tests;

/// <summary>PostgreSQL on a replicated directory, and clients outside the nodes that remember what COMMIT promised them.</summary>
/// <remarks>A client writes <c>ACK CLIENT TRANSACTION</c> only after COMMIT was answered, so a transaction of which it wrote must
/// be found for ever after. lab/postgres.sh makes both.</remarks>
internal sealed partial class PostgresModule(LabFixture lab, string name) : LabModule(lab, name), IDisposable
{
    private const int Clients = 4;

    /// <summary>A client may wait for the time-out of a connection to a node without power before it ends.</summary>
    private static readonly TimeSpan ClientsEndLimit = TimeSpan.FromSeconds(60);

    private readonly string _promises = Directory.CreateTempSubdirectory("hamirror-promises-").FullName;
    private Process? _load;

    public void Make()
    {
        Lab.Fresh();
        Lab.Lab("postgres", Name).Success();
    }

    public void BeginLoad() => _load = Command.Start(Path.Combine(LabPair.Project, "lab", "lab.sh"), "pgload", _promises, $"{Clients}");

    public void EndLoad()
    {
        File.WriteAllText($"{_promises}/stop", "");
        Assert.True(_load!.WaitForExit(ClientsEndLimit), "The clients do not end.");
    }

    /// <summary>Every transaction that was promised, as "CLIENT TRANSACTION".</summary>
    public HashSet<string> Promised() => [.. Directory.EnumerateFiles(_promises, "client-*").SelectMany(Lines)
        .Select(line => PromiseLine().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)];

    /// <summary>Waits until the clients have been promised some more.</summary>
    public void GoesOn()
    {
        int before = Promised().Count;
        Eventually.Is(StateLimit, $"clients are served ({Complaints()})", () => Promised().Count, now => now >= before + 20);
    }

    /// <summary>Asks the database on a node that serves; one line per row, columns separated by a blank.</summary>
    public string Ask(string node, string query) =>
        Lab.On(node, "psql", "-X", "-h", "/tmp", "-U", "postgres", "-At", "-F", " ", "-c", query, "postgres").Success();

    /// <summary>No promised transaction is missing, none is half there, and every index agrees with its table.</summary>
    public void IsWholeOn(string node)
    {
        var stored = Ask(node, "SELECT client, id FROM promised").Split('\n').ToHashSet(StringComparer.Ordinal);
        var missing = Promised().Where(promise => !stored.Contains(promise)).ToList();
        Assert.True(missing.Count == 0, $"{missing.Count} of {Promised().Count} promised transactions are missing, the first is {missing.FirstOrDefault()}.");
        string[] sums = Ask(node, """
            SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),
                   (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM promised)
            """).Split(' ');
        Assert.Single(sums.Distinct());
        Lab.On(node, "/usr/lib/postgresql/15/bin/pg_amcheck", "-h", "/tmp", "-U", "postgres", "--all", "--install-missing",
            "--heapallindexed").Success();
    }

    /// <summary>After an orderly stop: every page of both replicas carries its checksum, and the replicas are equal.</summary>
    public void ReplicasAreEqual()
    {
        StopBoth();
        ExpectEqualReplicas();
        foreach (string node in new[] { LabPair.N1, LabPair.N2 })
        {
            string checkedBlocks = Lab.On(
                node, "runuser", "-u", "postgres", "--", "/usr/lib/postgresql/15/bin/pg_checksums", "--check", "-D", $"/vm/{Name}").Success();
            Assert.Matches("Bad checksums: +0", checkedBlocks);
        }
    }

    /// <summary>What the clients saw go wrong last, for a failed assertion.</summary>
    private string Complaints() => string.Join("; ", Directory.EnumerateFiles(_promises, "*.errors")
        .Select(file => Lines(file).LastOrDefault()).Where(line => line is not null).Distinct().Take(Clients));

    private static IEnumerable<string> Lines(string file)
    {
        // A client may be writing it.
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        string text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose()
    {
        if (_load is { HasExited: false })
        {
            File.WriteAllText($"{_promises}/stop", "");
            if (!_load.WaitForExit(ClientsEndLimit))
            {
                _load.Kill(entireProcessTree: true);
            }
        }

        _load?.Dispose();
        Directory.Delete(_promises, recursive: true);
    }

    [GeneratedRegex("^ACK ([0-9]+ [0-9]+)$")]
    private static partial Regex PromiseLine();
}
