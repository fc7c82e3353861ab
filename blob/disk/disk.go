// Package disk keeps files in a directory. A file with key "abcd…" is at
// ab/cd/abcd…, the layout of Rails' Active Storage, so that the storage directory
// of an installation that moves over can be used as it is.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"tributary/blob"
)

// Name is the service's name.
const Name = "local"

// Options of Open.
type Options struct {
	// Dir is made when it does not exist.
	Dir string
	// MaxBytes is the longest file; 0: no limit.
	MaxBytes int64
}

// Service is a directory of files. It implements blob.Service.
type Service struct {
	root     *os.Root
	maxBytes int64
}

var _ blob.Service = (*Service)(nil)

// incoming holds files until they are complete. No key leads there: shards have
// two letters.
const incoming = "incoming"

// abandoned is how old a file in incoming is when whoever wrote it is gone.
const abandoned = 24 * time.Hour

const (
	dirMode  = 0o750
	fileMode = 0o640
)

// Open uses a directory and removes what writers that died left unfinished.
func Open(opt Options) (*Service, error) {
	if err := os.MkdirAll(opt.Dir, dirMode); err != nil {
		return nil, fmt.Errorf("disk: create storage directory: %w", err)
	}
	root, err := os.OpenRoot(opt.Dir)
	if err != nil {
		return nil, fmt.Errorf("disk: open storage directory: %w", err)
	}
	s := &Service{root: root, maxBytes: opt.MaxBytes}
	if err := s.clean(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

func (s *Service) clean() error {
	if err := s.root.MkdirAll(incoming, dirMode); err != nil {
		return fmt.Errorf("disk: create storage directory: %w", err)
	}
	list, err := fs.ReadDir(s.root.FS(), incoming)
	if err != nil {
		return fmt.Errorf("disk: read storage directory: %w", err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < abandoned {
			continue
		}
		if err := s.root.Remove(path.Join(incoming, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("disk: remove an unfinished file: %w", err)
		}
	}
	return nil
}

// Close releases the directory.
func (s *Service) Close() error { return s.root.Close() }

// Name implements blob.Service.
func (s *Service) Name() string { return Name }

// place is where a key's file is, below the root.
func place(key string) (string, error) {
	if err := blob.CheckKey(key); err != nil {
		return "", err
	}
	return path.Join(key[:2], key[2:4], key), nil
}

// Put implements blob.Service: the bytes are on the disk, and so is the
// directory's entry, before the file has its name.
func (s *Service) Put(ctx context.Context, key string, r io.Reader, size int64, _ string) (blob.Stored, error) {
	name, err := place(key)
	if err != nil {
		return blob.Stored{}, err
	}
	if s.maxBytes > 0 && size > s.maxBytes {
		return blob.Stored{}, blob.ErrTooLarge
	}
	temporary := path.Join(incoming, blob.NewKey())
	stored, err := s.write(ctx, temporary, r, size)
	if err == nil {
		err = s.publish(temporary, name)
	}
	if err != nil {
		_ = s.root.Remove(temporary) // what cannot be removed is cleaned at the next start
		return blob.Stored{}, err
	}
	return stored, nil
}

func (s *Service) write(ctx context.Context, name string, r io.Reader, size int64) (blob.Stored, error) {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return blob.Stored{}, fmt.Errorf("disk: create file: %w", err)
	}
	meter := blob.NewMeter(r, size, s.maxBytes)
	_, err = io.Copy(f, reader{ctx, meter})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return blob.Stored{}, fmt.Errorf("disk: write file: %w", err)
	}
	return meter.Stored(), nil
}

// publish gives a complete file its name.
func (s *Service) publish(temporary, name string) error {
	if err := s.root.MkdirAll(path.Dir(name), dirMode); err != nil {
		return fmt.Errorf("disk: create folder: %w", err)
	}
	if err := s.root.Rename(temporary, name); err != nil {
		return fmt.Errorf("disk: name file: %w", err)
	}
	// The entries of new folders too must survive a power cut.
	for _, dir := range []string{path.Dir(name), path.Dir(path.Dir(name)), "."} {
		if err := s.syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) syncDir(name string) error {
	d, err := s.root.Open(name)
	if err != nil {
		return fmt.Errorf("disk: open folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("disk: sync folder: %w", err)
	}
	return nil
}

// Open implements blob.Service.
func (s *Service) Open(_ context.Context, key string) (io.ReadSeekCloser, blob.Info, error) {
	name, err := place(key)
	if err != nil {
		return nil, blob.Info{}, err
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, blob.Info{}, missing("open file", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = blob.ErrNotFound
	}
	if err != nil {
		return nil, blob.Info{}, errors.Join(missing("open file", err), f.Close())
	}
	return f, infoOf(info), nil
}

// Stat implements blob.Service.
func (s *Service) Stat(_ context.Context, key string) (blob.Info, error) {
	name, err := place(key)
	if err != nil {
		return blob.Info{}, err
	}
	info, err := s.root.Stat(name)
	if err != nil {
		return blob.Info{}, missing("stat file", err)
	}
	return infoOf(info), nil
}

// Delete implements blob.Service.
func (s *Service) Delete(_ context.Context, key string) error {
	name, err := place(key)
	if err != nil {
		return err
	}
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("disk: remove file: %w", err)
	}
	return nil
}

// PresignGet implements blob.Service: a directory has no URLs.
func (s *Service) PresignGet(context.Context, string, blob.Presentation, time.Duration) (string, bool, error) {
	return "", false, nil
}

// PresignPut implements blob.Service: a directory has no URLs.
func (s *Service) PresignPut(context.Context, string, blob.Upload, time.Duration) (blob.Target, bool, error) {
	return blob.Target{}, false, nil
}

// Ping implements blob.Service: it tries to write.
func (s *Service) Ping(context.Context) error {
	name := path.Join(incoming, blob.NewKey())
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return fmt.Errorf("disk: storage directory: %w", err)
	}
	if err := errors.Join(f.Close(), s.root.Remove(name)); err != nil {
		return fmt.Errorf("disk: storage directory: %w", err)
	}
	return nil
}

func infoOf(i fs.FileInfo) blob.Info { return blob.Info{Size: i.Size(), ModifiedAt: i.ModTime()} }

func missing(what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return blob.ErrNotFound
	}
	return fmt.Errorf("disk: %s: %w", what, err)
}

// reader stops when ctx ends.
type reader struct {
	ctx context.Context //nolint:containedctx // one copy's
	r   io.Reader
}

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
