using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tendering.Contracts;

namespace Tendering.ServiceDefaults.Tests.Notes;

/// <summary>Something happened to a tender; heard by the same service.</summary>
[Event("notes.note-taken")]
public sealed record NoteTaken(Guid TenderId, int Number) : ITenderEvent;

/// <summary>Something happened to no tender in particular.</summary>
[Event("notes.rules-changed")]
public sealed record RulesChanged(int Number);

/// <summary>Nobody hears it; it only fills a stream.</summary>
[Event("notes.page-turned", SecretUntil = Disclosure.Opening)]
public sealed record PageTurned(Guid TenderId, int Number) : ITenderEvent;

/// <summary>What a test puts into the service's way.</summary>
public sealed class Obstacles
{
    public Func<Envelope, Task> OnHandle { get; set; } = _ => Task.CompletedTask;
    public Func<Guid, Task> OnDue { get; set; } = _ => Task.CompletedTask;
    public ConcurrentQueue<string> Calls { get; } = [];

    /// <summary>What the service logged, with its exceptions.</summary>
    public ConcurrentQueue<string> Log { get; } = [];
}

public sealed class RecordingLog(Obstacles obstacles) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public bool IsEnabled(LogLevel logLevel) => true;
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => obstacles.Log.Enqueue(formatter(state, exception));
    public void Dispose() { }
}

/// <summary>A service as small as one can be, to see the plumbing at work.</summary>
public static class NotesService
{
    public const string Name = "notes";

    public sealed record Request([property: StringLength(100, MinimumLength = 1)] string Text, int Number);
    public sealed record Response(Guid NoteId);

    public static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Obstacles>().AddSingleton<ILoggerProvider, RecordingLog>();
        builder.AddService<NotesDb>(Name)
            .On<NoteTaken>("count-notes", (m, db, ct) => CountAsync(m.Envelope, m.Event.Number, db, m.Services))
            .On<RulesChanged>("count-rules", (m, db, ct) => CountAsync(m.Envelope, m.Event.Number, db, m.Services))
            .WhenDue("note", async (id, db, services, now, ct) =>
            {
                var note = await db.Notes.SingleAsync(n => n.Id == id, ct);
                (note.NextDueAt, note.DueCount) = (null, note.DueCount + 1);
                await services.GetRequiredService<Obstacles>().OnDue(id);
            });
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        var routes = app.MapService<NotesDb>(Name);
        routes.MapPost("/notes", TakeNote).AllowEveryone().Idempotent<NotesDb>();
        routes.MapGet("/notes", async (NotesDb db, CancellationToken ct) => TypedResults.Ok(await db.Notes.CountAsync(ct))).AllowEveryone();
        routes.MapGet("/notes/{page:int}", (int page, int? size) => TypedResults.Ok(page)).AllowEveryone();
        routes.MapPut("/notes", (Request request) => TypedResults.Ok(request)).AllowEveryone();
        routes.MapGet("/unspoken", () => "a route without a word on access");
        routes.MapGet("/mine", (Caller caller) => TypedResults.Ok(caller)).AllowSignedIn();
        routes.MapGet("/centre", () => TypedResults.Ok()).AllowRoles(Roles.Centre);
        routes.MapGet("/fault", IResult () => throw new InvalidOperationException("the password is swordfish")).AllowEveryone();
        routes.MapGet("/law", IResult () => throw new RuleBrokenException("too-late", "The deadline has passed: come earlier.", "A7", "法36")).AllowEveryone();
        routes.MapGet("/changed", IResult () => throw new DbUpdateConcurrencyException("row")).AllowEveryone();
        routes.MapGet("/nothing", IResult () => throw new NotFoundException("note")).AllowEveryone();
    }

    private static async Task<Results<Created<Response>, ValidationProblem>> TakeNote(Request request, NotesDb db, Obstacles obstacles, TimeProvider clock, CancellationToken ct)
    {
        obstacles.Calls.Enqueue(request.Text);
        var (id, now) = (Guid.CreateVersion7(), clock.GetUtcNow());
        db.Add(new Note { Id = id, Text = request.Text, TakenAt = now });
        db.Publish(new NoteTaken(id, request.Number), now);
        await db.SaveChangesAsync(ct);
        if (request.Text.StartsWith("refuse", StringComparison.Ordinal)) throw new RuleBrokenException("refused", "Not this one.");
        if (request.Text.StartsWith("malformed", StringComparison.Ordinal)) return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["text"] = ["no"] });
        return TypedResults.Created($"/api/notes/notes/{id}", new Response(id));
    }

    private static async Task CountAsync(Envelope envelope, int number, NotesDb db, IServiceProvider services)
    {
        db.Add(new Effect { EventId = envelope.Id, TenderId = envelope.TenderId, Number = number });
        await services.GetRequiredService<Obstacles>().OnHandle(envelope);
    }
}
