using System.Buffers.Text;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>The archive for support: both nodes, and no secret of either.</summary>
[Collection(AgentsCollection.Name)]
public sealed class SupportTests
{
    private const string MailPassword = "mail-hunter2-Zx9", HookPassword = "S3cretOfAHook!", WebhookPath = "T0000/B1111/XyZsecretpath";

    [Fact]
    public async Task Archive_OfBothNodes_HasWhatIsNeededAndNoSecret()
    {
        await using var pair = await AgentPair.CreateAsync(hooks: new Dictionary<string, string>
        {
            ["prestart"] = $"echo 'curl -H \"Authorization: Bearer {HookPassword}\" https://anna:{HookPassword}@example.org'; echo DB_PASSWORD={HookPassword}; cat \"$HAMIRROR_ROOT/etc/hamirror/cluster.key\" | base64; cat \"$HAMIRROR_ROOT/etc/hamirror/access.json\" \"$HAMIRROR_ROOT/etc/hamirror/console.key\" || true",
        });
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.One.AddUserAsync("anna", "admin");
        var key = await pair.One.AddKeyAsync("grafana", "monitor");
        using var browser = new ConsoleClient(pair.One);
        var session = await browser.LoginAsync("anna");
        foreach (var node in new[] { pair.One, pair.Two })
        {
            var password = $"{node.Root}/etc/hamirror/mail.password";
            File.WriteAllText(password, MailPassword + "\n");
            File.WriteAllText($"{node.Root}/etc/hamirror/notify.xml",
                $"<notify><mail server=\"127.0.0.1\" port=\"9\" security=\"none\" user=\"ha\" passwordfile=\"{password}\" from=\"a@example.org\" to=\"b@example.org\"/><webhook url=\"http://127.0.0.1:9/{WebhookPath}\"/></notify>\n");
            await using var log = new StreamWriter($"{node.Root}/var/log/hamirror/extra.log");
            await log.WriteLineAsync($"a program said {MailPassword} and {key} and {session.Token}");
        }

        await Deadline.HoldsAsync("the second node knows the user", AgentProcess.Patience, () => Task.FromResult(File.Exists(pair.Two.Root + "/etc/hamirror/access.json")), () => pair.Story);
        await pair.StartAsync();
        var token = (await pair.One.PostAsync(ApiPath.ClusterToken, new ActionRequest(null, null), ApiJson.Default.ActionRequest, ApiJson.Default.JoinToken)).Token;

        var (names, content) = await FetchAsync(pair.One);
        foreach (var node in new[] { "n1", "n2" })
        {
            foreach (var name in new[] { "about.txt", "log/agent.log", "log/m1/module.log", "configuration/cluster.xml", "configuration/notify.xml", "configuration/accounts.txt", "configuration/m1/active/bin/start_prim",
                "state/status.json", "state/m1/connection.json", "state/m1/timeline.json", "state/m1/record.head", "state/m1/marks.head", "system/kernel.txt", "system/mounts.txt", "system/addresses.txt", "system/guests.txt" })
                Assert.True(names.Contains($"{node}/{name}"), $"{node}/{name} is missing: {(names.Any(one => one.EndsWith("missing.txt")) ? content[content.IndexOf("missing.txt", StringComparison.Ordinal)..][..400] : "")}\n{pair.Story}");
            Assert.Contains(names, name => name.StartsWith($"{node}/log/m1/hooks/userlog_"));
        }

        Assert.Contains("user anna Admin", content);
        Assert.Contains("(removed)", content);
        Assert.DoesNotContain(names, name => name.EndsWith("broken.txt") || name.EndsWith("missing.txt"));
        foreach (var (what, secret) in Secrets(pair).Append(("key", key)).Append(("session", session.Token!)).Append(("join token", token)))
            Assert.False(content.Contains(secret, StringComparison.Ordinal), $"The archive has the {what}: ...{Around(content, secret)}");
    }

    [Fact]
    public async Task Archive_WithoutTheOtherNode_SaysThatItIsMissing()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.Two.KillAsync();
        var (names, content) = await FetchAsync(pair.One);
        Assert.Contains("n2/missing.txt", names);
        Assert.Contains("Run 'hamirror support --own' on n2 itself.", content);
        Assert.Contains("n1/state/status.json", names);
    }

    [Fact]
    public async Task Archive_MadeAsAnOperation_IsFetchedByItsNameForAWhile()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        var begun = await pair.One.PostAsync(ConsolePath.Support, new ActionRequest(null, null), ApiJson.Default.ActionRequest, ConsoleJson.Default.OperationStatus);
        Assert.Equal(("support", "running"), (begun.Kind, begun.State));
        var second = await pair.One.RefusedAsync(ConsolePath.Support, new ActionRequest(null, null), ApiJson.Default.ActionRequest);
        Assert.Contains("is being made already", second.Title);
        var ended = begun;
        var percents = new List<double>();
        await Deadline.HoldsAsync("the archive is made", AgentProcess.Patience, async () =>
        {
            ended = await pair.One.GetAsync(ConsolePath.Operation(begun.Id), ConsoleJson.Default.OperationStatus);
            percents.Add(ended.Percent ?? 0);
            return ended.State != "running";
        }, () => pair.Story);
        Assert.True(ended.State == "done", ended.Text + pair.Story);
        Assert.Equal(percents.Order(), percents);
        var made = ended.Result!.Value.Deserialize(ConsoleJson.Default.SupportMade)!;
        var (names, _) = await FetchAsync(pair.One, ConsolePath.SupportFile(made.Name));
        Assert.Contains("n1/state/status.json", names);
        Assert.Contains("n2/state/status.json", names);
        Assert.Equal(made.Bytes, new FileInfo($"{pair.One.Root}/var/lib/hamirror/.support/{made.Name}").Length);
        foreach (var name in new[] { "../replica", "access.json", "..%2f..%2f..%2f..%2fetc%2fpasswd", made.Name + "x" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{ConsolePath.Support}/{name}");
            using var answer = await pair.One.RawAsync(request);
            Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
        }

        var facts = await pair.One.GetAsync(ConsolePath.Facts, ConsoleJson.Default.NodeFacts);
        Assert.Equal(("n1", true), (facts.Node, facts.MemoryBytes > 0));
        Assert.True(facts.Certificate is { SelfMade: true, Fingerprint.Length: 95 } certificate && certificate.Until > DateTimeOffset.UtcNow, facts.ToString());
    }

    private static IEnumerable<(string What, string Secret)> Secrets(AgentPair pair)
    {
        yield return ("password of the mail server", MailPassword);
        yield return ("password of a hook", HookPassword);
        yield return ("webhook's path", "XyZsecretpath");
        yield return ("password of a user", ConsoleClient.Password);
        foreach (var node in new[] { pair.One, pair.Two })
        {
            var cluster = File.ReadAllBytes(node.Root + "/etc/hamirror/cluster.key");
            yield return ("cluster key", Encoding.Latin1.GetString(cluster));
            foreach (var text in new[] { Convert.ToBase64String(cluster), Base64Url.EncodeToString(cluster), Convert.ToHexString(cluster), Convert.ToHexStringLower(cluster) }) yield return ("cluster key", text);
            var console = node.Root + "/etc/hamirror/console.key";
            foreach (var line in File.Exists(console) ? File.ReadAllLines(console) : [])
            {
                if (!line.StartsWith("-----", StringComparison.Ordinal) && line.Length > 8) yield return ("console's private key", line);
            }

            using var access = JsonDocument.Parse(File.ReadAllBytes(node.Root + "/etc/hamirror/access.json"));
            foreach (var secret in Values(access.RootElement)) yield return ("hash of a password or key", secret);
        }
    }

    private static IEnumerable<string> Values(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name.Equals("secret", StringComparison.OrdinalIgnoreCase) && member.Value.GetString() is { Length: > 0 } secret
            ? secret.Split('$').Where(part => part.Length > 16).Append(secret) : Values(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Values),
        _ => [],
    };

    private static async Task<(List<string> Names, string Content)> FetchAsync(AgentProcess node, string path = ConsolePath.Support)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var answer = await node.RawAsync(request);
        Assert.True(answer.IsSuccessStatusCode, node.Story);
        await using var zip = new GZipStream(await answer.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        await using var tar = new TarReader(zip);
        var names = new List<string>();
        var content = new StringBuilder();
        while (await NextAsync(tar, node) is { } entry)
        {
            names.Add(entry.Name);
            using var data = new MemoryStream();
            if (entry.DataStream is { } stream) await stream.CopyToAsync(data);
            content.AppendLine(entry.Name).AppendLine(Encoding.UTF8.GetString(data.ToArray())).AppendLine(Encoding.Latin1.GetString(data.ToArray()));
        }

        return (names, content.ToString());
    }

    private static async Task<TarEntry?> NextAsync(TarReader tar, AgentProcess node)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: true);
        }
        catch (IOException broken)
        {
            Assert.Fail($"{broken.Message}\n{node.Story}");
            throw;
        }
    }

    private static string Around(string content, string secret)
    {
        var at = content.IndexOf(secret, StringComparison.Ordinal);
        return at < 0 ? "" : content[Math.Max(0, at - 200)..at];
    }
}
