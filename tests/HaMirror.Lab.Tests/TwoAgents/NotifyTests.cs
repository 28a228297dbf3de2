using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class NotifyTests
{
    [Fact]
    public async Task Events_OfOneMoment_AreOneMessageOverEveryWay()
    {
        await using var pair = await AgentPair.CreateAsync();
        using var limit = new CancellationTokenSource(AgentProcess.Patience * 2);
        using var smtp = new SmtpReceiver(pair.One.Address);
        using var web = new WebReceiver(pair.One.Address);
        var (secret, kept, program) = ($"{pair.One.Root}/secret", $"{pair.One.Root}/kept", $"{pair.One.Root}/page-me");
        File.WriteAllText(secret, "s3cret\n");
        File.WriteAllText(program, $"#!/bin/sh\nprintf '%s\\n' \"$HAMIRROR_SUBJECT\" >> {kept}\ncat >> {kept}.json\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText($"{pair.One.Root}/etc/hamirror/notify.xml", $"""
            <notify group="2s">
              <mail server="{pair.One.Address}" port="{smtp.Port}" security="none" from="hamirror@n1" to="ops@example.org, night@example.org"/>
              <webhook url="http://{pair.One.Address}:{web.Port}/hook?token=hidden" secretfile="{secret}"/>
              <command path="{program}"/>
            </notify>
            """);
        var (mailed, posted) = (smtp.NextAsync(limit.Token), web.NextAsync(limit.Token));
        var status = await pair.One.PostAsync(ConsolePath.NotifyTest, new NotifyTestRequest(null), ConsoleJson.Default.NotifyTestRequest, ConsoleJson.Default.NotifyStatus);
        Assert.All(status.Channels, channel => Assert.True(channel.LastSent is not null && channel.LastError is null, channel.LastError));
        Assert.DoesNotContain("hidden", JsonSerializer.Serialize(status, ConsoleJson.Default.NotifyStatus));
        Assert.Contains("Subject: HaMirror n1: test: This is a test", await mailed);
        Assert.True(JsonSerializer.Deserialize((await posted).Body, ConsoleJson.Default.Notification)!.Test);
        Assert.Contains("test:", File.ReadAllText(kept));

        (mailed, posted) = (smtp.NextAsync(limit.Token), web.NextAsync(limit.Token));
        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        var (body, signature) = await posted;
        var told = JsonSerializer.Deserialize(body, ConsoleJson.Default.Notification)!;
        Assert.Equal(("n1", false), (told.Node, told.Test));
        Assert.Contains(told.Events, one => one is { Module: AgentPair.Module, Text: var text } && text.StartsWith("Local state ALONE Ready"));
        Assert.Equal("sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("s3cret"u8, body)), signature);
        var mail = await mailed;
        Assert.Contains("To: ops@example.org, night@example.org", mail);
        Assert.Contains("Local state ALONE Ready", mail);
        await Deadline.HoldsAsync("the program was told too", AgentProcess.Patience,
            () => Task.FromResult(File.ReadAllText(kept + ".json").Contains("Local state ALONE Ready")), () => pair.One.Story);
    }

    [Fact]
    public async Task Test_WhereNobodyListens_SaysWhatDidNotArrive()
    {
        await using var pair = await AgentPair.CreateAsync();
        File.WriteAllText($"{pair.One.Root}/etc/hamirror/notify.xml", $"""
            <notify><mail server="{pair.One.Address}" port="1" from="a@b" to="c@d"/><command path="/bin/true"/></notify>
            """);
        var refusal = await pair.One.RefusedAsync(ConsolePath.NotifyTest, new NotifyTestRequest(null), ConsoleJson.Default.NotifyTestRequest);
        Assert.Equal(502, refusal.Status);
        Assert.StartsWith("mail to c@d: ", Assert.Single(refusal.Errors));
        File.WriteAllText($"{pair.One.Root}/etc/hamirror/notify.xml", "<notify><pager/></notify>");
        var wrong = await pair.One.RefusedAsync(ConsolePath.NotifyTest, new NotifyTestRequest(null), ConsoleJson.Default.NotifyTestRequest);
        Assert.Contains("pager", wrong.Title);
    }

    /// <summary>Speaks just enough SMTP to be given mails.</summary>
    private sealed class SmtpReceiver : IDisposable
    {
        private readonly TcpListener _listener;

        public SmtpReceiver(string address)
        {
            _listener = new TcpListener(IPAddress.Parse(address), 0);
            _listener.Start();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        private static string Decoded(string mail) => mail.Replace("=\n", "");

        public async Task<string> NextAsync(CancellationToken limit)
        {
            using var client = await _listener.AcceptTcpClientAsync(limit);
            using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.UTF8);
            await using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 test");
            var mail = new StringBuilder();
            while (await reader.ReadLineAsync(limit) is { } line)
            {
                var verb = line.Split(' ')[0].ToUpperInvariant();
                if (verb == "DATA")
                {
                    await writer.WriteLineAsync("354 go on");
                    while (await reader.ReadLineAsync(limit) is { } part && part != ".") mail.Append(part).Append('\n');
                }

                await writer.WriteLineAsync(verb == "QUIT" ? "221 bye" : "250 ok");
                if (verb == "QUIT") break;
            }

            return Decoded(mail.ToString());
        }

        public void Dispose() => _listener.Dispose();
    }

    private sealed class WebReceiver : IDisposable
    {
        private readonly HttpListener _listener = new();

        public WebReceiver(string address)
        {
            using (var probe = new TcpListener(IPAddress.Parse(address), 0))
            {
                probe.Start();
                Port = ((IPEndPoint)probe.LocalEndpoint).Port;
            }

            _listener.Prefixes.Add($"http://{address}:{Port}/");
            _listener.Start();
        }

        public int Port { get; }

        public async Task<(byte[] Body, string? Signature)> NextAsync(CancellationToken limit)
        {
            var context = await _listener.GetContextAsync().WaitAsync(limit);
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body, limit);
            context.Response.StatusCode = 204;
            context.Response.Close();
            return (body.ToArray(), context.Request.Headers["HaMirror-Signature"]);
        }

        public void Dispose() => _listener.Close();
    }
}
